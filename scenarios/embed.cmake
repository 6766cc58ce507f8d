# Writes OUTPUT, a C++ source that holds the presets of SOURCE/{hosts,vmms,workloads,studies}.
# Run as a script by the build: cmake -DSOURCE=<scenarios folder> -DOUTPUT=<file> -P embed.cmake
set(body "")
foreach(kind hosts vmms workloads studies)
  file(GLOB files ${SOURCE}/${kind}/*.toml)
  list(SORT files)
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WLE)
    file(READ ${file} text)
    string(APPEND body "      {\"${kind}\", \"${name}\", R\"__toml__(${text})__toml__\"},\n")
  endforeach()
endforeach()
file(WRITE ${OUTPUT} "// Made by scenarios/embed.cmake.\n#include \"scenarios/library.hpp\"\n\nnamespace scenarios {\n\nconst std::vector<Preset>& embedded_presets() {\n  static const std::vector<Preset> presets{\n${body}  };\n  return presets;\n}\n\n}  // namespace scenarios\n")
