# Writes OUTPUT, a C++ source that holds the texts of validation/data and validation/cases.
# Run as a script by the build: cmake -DSOURCE=<validation folder> -DOUTPUT=<file> -P embed.cmake
function(embed_folder folder function_name result)
  file(GLOB files RELATIVE ${SOURCE} ${SOURCE}/${folder}/*.toml)
  list(SORT files)
  set(body "")
  foreach(file IN LISTS files)
    file(READ ${SOURCE}/${file} text)
    string(APPEND body "      {\"validation/${file}\", R\"__toml__(${text})__toml__\"},\n")
  endforeach()
  set(${result} "const std::vector<TextFile>& ${function_name}() {\n  static const std::vector<TextFile> files{\n${body}  };\n  return files;\n}\n" PARENT_SCOPE)
endfunction()

embed_folder(data embedded_data data)
embed_folder(cases embedded_cases cases)
file(WRITE ${OUTPUT} "// Made by validation/embed.cmake.\n#include \"validation/source_files.hpp\"\n\nnamespace validation {\n\n${data}\n${cases}\n}  // namespace validation\n")
