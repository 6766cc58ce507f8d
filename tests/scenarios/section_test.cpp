#include "scenarios/section.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "scenarios/fields.hpp"

using namespace scenarios;

namespace {

enum class Colour { red, blue };

struct Inner {
  int size = 1;
  double share = 0.5;
};

struct Outer {
  std::string name = "a";
  bool on = false;
  Colour colour = Colour::red;
  sim::Bytes memory{};
  Inner inner{.size = 3};
  Inner part;
  std::vector<Inner> list;
  std::vector<Inner> more;
  int odd = 0;
};

const Section<Inner>& inner_keys() {
  using T = Inner;
  static const Section<T> section{
      whole("size", &T::size, 0, 9, ""),
      real("share", &T::share, 0, 1, ""),
  };
  return section;
}

const Section<Inner>& part_keys() {
  using T = Inner;
  static const Section<T> section{whole("part_size", &T::size, 0, 9, "")};
  return section;
}

// Written as a word, and absent when zero.
Field<Outer> odd_key() {
  return {"odd",
          "text",
          "",
          [](Outer&, const Node&, const std::string&, Problems&) {},
          [](const Outer& outer) { return outer.odd == 0 ? Json{} : Json(outer.odd); },
          {}};
}

const Section<Outer>& outer_keys() {
  using T = Outer;
  static const std::vector<Word<Colour>> colours{{"red", Colour::red}, {"blue", Colour::blue}};
  static const Section<T> section = [] {
    Section<T> all{
        text("name", &T::name, ""),
        truth("on", &T::on, ""),
        choice("colour", &T::colour, colours, ""),
        quantity("memory", Unit::size, &T::memory, ""),
        table("inner", &T::inner, &inner_keys, ""),
        tables("list", &T::list, &inner_keys, ""),
        tables("more", &T::more, &inner_keys, ""),
        odd_key(),
    };
    append_part(all, part_keys(), &T::part);
    return all;
  }();
  return section;
}

std::string bytes(const Outer& outer) {
  std::string all;
  add_table_bytes(outer_keys(), outer, all);
  return all;
}

Json written(const std::vector<KeyPath>& patterns) {
  Outer outer;
  outer.list.resize(2);
  return write_some(outer_keys(), outer, {patterns.begin(), patterns.end()});
}

}  // namespace

TEST_CASE("objects have the same bytes if all their keys have the same values") {
  const Outer outer;
  CHECK(bytes(Outer{}) == bytes(outer));
  Outer unlisted = outer;
  unlisted.part.share = 0.25;  // that no key tells of
  CHECK(bytes(unlisted) == bytes(outer));
}

TEST_CASE("a change of any key's value is a change of bytes") {
  std::vector<Outer> all(11);
  all[1].name = "b";
  all[2].on = true;
  all[3].colour = Colour::blue;
  all[4].memory = sim::Bytes{1};
  all[5].inner.size = 2;
  all[6].inner.share = 0.25;
  all[7].list.resize(1);
  all[8].odd = 3;
  all[9].part.size = 2;
  all[10].more.resize(1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      INFO(i << " and " << j);
      CHECK(bytes(all[i]) != bytes(all[j]));
    }
  }
}

TEST_CASE("the default of a table's key is what the object has that the table belongs to") {
  std::vector<KeyInfo> keys;
  list_keys(outer_keys(), {}, "outer", keys);
  std::map<std::string, std::string> standard;
  for (const KeyInfo& key : keys) standard[key.path] = key.standard;
  CHECK(standard.at("outer.inner.size") == "3");
  CHECK(standard.at("outer.list.size") == "1");
  CHECK(standard.at("outer.part_size") == "1");
}

TEST_CASE("texts and arrays do not run into what follows them") {
  std::string ab_c;
  add_bytes(std::string{"ab"}, ab_c);
  add_bytes(std::string{"c"}, ab_c);
  std::string a_bc;
  add_bytes(std::string{"a"}, a_bc);
  add_bytes(std::string{"bc"}, a_bc);
  CHECK(ab_c != a_bc);
}

TEST_CASE("of a table the keys that patterns mean are written, of an array of tables all") {
  CHECK(written({}).dump() == "{}");
  CHECK(written({{"memory"}, {"nothing"}}).dump() == R"({"memory":"0 B"})");
  CHECK(written({{"inner", "size"}}).dump() == R"({"inner":{"size":3}})");
  CHECK(written({{"inner", "*"}}).dump() == R"({"inner":{"size":3,"share":0.5}})");
  CHECK(written({{"list", "*", "size"}}).dump() ==
        R"({"list":[{"size":1,"share":0.5},{"size":1,"share":0.5}]})");
  CHECK(written({{"odd"}, {"part_size"}}).dump() == R"({"part_size":1})");
  Outer outer;
  outer.list.resize(2);
  CHECK(written({{"*"}}) == write_table(outer_keys(), outer));
}
