#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "tests/architecture/rules.hpp"

using namespace architecture;

namespace {

using Found = std::vector<std::string>;

const Tree& repository() {
  static const Tree tree = read_tree(TENANCY_SOURCE_DIR);
  return tree;
}

}  // namespace

TEST_CASE("no include points up the layers") {
  CHECK(upward_includes({{"sim/a.hpp", "\n#include \"models/b.hpp\"\n"}}) ==
        Found{"sim/a.hpp includes models/b.hpp"});
  CHECK(upward_includes({{"tools/a.cpp", "#include \"sim/b.hpp\"\n"}}).empty());
  CHECK(repository().size() > 100);
  CHECK(upward_includes(repository()) == Found{});
}

TEST_CASE("leaves of models meet in the composition root only") {
  CHECK(includes_between_leaves({{"models/memory/a.cpp", "#include \"models/compute/b.hpp\"\n"}}) ==
        Found{"models/memory/a.cpp includes models/compute/b.hpp"});
  CHECK(
      includes_between_leaves({{"models/memory/a.cpp", "#include \"models/host.hpp\"\n"}}).size() ==
      1);
  CHECK(includes_between_leaves({{"models/host.cpp", "#include \"models/compute/b.hpp\"\n"}})
            .empty());
  CHECK(includes_between_leaves(repository()) == Found{});
}

TEST_CASE("libraries neither print nor exit, and models read no file") {
  CHECK(side_effects({{"scenarios/a.cpp", "std::cout << 1;"}}).size() == 1);
  CHECK(side_effects({{"models/a.cpp", "std::ifstream file;"}}).size() == 1);
  CHECK(side_effects({{"scenarios/a.cpp", "std::ifstream file;"}}).empty());
  CHECK(side_effects(repository()) == Found{});
}

TEST_CASE("no file has grown past its noun") {
  CHECK(too_long({{"sim/a.hpp", std::string(kHeaderLines + 1, '\n')}}).size() == 1);
  CHECK(too_long({{"sim/a.cpp", std::string(kSourceLines, '\n')}}).empty());
  CHECK(too_long(repository()) == Found{});
}

TEST_CASE("simulations share no mutable state") {
  CHECK(mutable_statics({{"sim/a.cpp", "\nstatic int count = 0;\n"}}).size() == 1);
  CHECK(mutable_statics({{"sim/a.cpp", "\n  static const int count = 0;\n"}}).empty());
  CHECK(mutable_statics(repository()) == Found{});
}

TEST_CASE("files are named for what they are") {
  CHECK(empty_names({{"sim/utils.hpp", ""}}).size() == 1);
  CHECK(empty_names(repository()) == Found{});
}

TEST_CASE("the top level has the owner's folders and no others") {
  const std::set<std::string> allowed{
      "CMakeLists.txt", "CMakePresets.json", "sim",        "models",
      "scenarios",      "validation",        "tools",      "tests",
      "README.md",      "LICENSE",           "CHANGES.md", "CONTRIBUTING.md",
      "build"};
  for (const auto& entry : std::filesystem::directory_iterator{TENANCY_SOURCE_DIR}) {
    const std::string name = entry.path().filename().string();
    INFO(name);
    CHECK((name.starts_with('.') || allowed.contains(name)));
  }
}
