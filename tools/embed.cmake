# Writes OUTPUT, a C++ source that holds files as text, in order of name:
#   const std::vector<std::pair<std::string_view, std::string_view>>& FUNCTION();   path, text
# Run as a script by the build:
#   cmake -DROOT=<folder that paths are relative to> -DFILES=<a|b|...> -DFUNCTION=<space::name>
#         -DOUTPUT=<file> -P embed.cmake
string(REGEX MATCH "^(.*)::([a-z_]+)$" matched "${FUNCTION}")
set(space ${CMAKE_MATCH_1})
set(name ${CMAKE_MATCH_2})
string(REPLACE "|" ";" files "${FILES}")
list(SORT files)
set(body "")
foreach(file IN LISTS files)
  file(RELATIVE_PATH path ${ROOT} ${file})
  file(READ ${file} text)
  string(APPEND body "      {\"${path}\", R\"__file__(${text})__file__\"},\n")
endforeach()
set(type "const std::vector<std::pair<std::string_view, std::string_view>>&")
file(WRITE ${OUTPUT} "// Made by tools/embed.cmake.
#include <string_view>
#include <utility>
#include <vector>

namespace ${space} {

${type} ${name}();
${type} ${name}() {
  static const std::vector<std::pair<std::string_view, std::string_view>> files{
${body}  };
  return files;
}

}  // namespace ${space}
")
