#include "scenarios/quantity.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

using scenarios::format_quantity;
using scenarios::parse_quantity;
using scenarios::Unit;

TEST_CASE("quantities carry their unit") {
  CHECK(parse_quantity(Unit::time, "20 s").value == 20e12);
  CHECK(parse_quantity(Unit::time, "90ns").value == 90e3);
  CHECK(parse_quantity(Unit::size, "2 KiB").value == 2048.0);
  CHECK(parse_quantity(Unit::size, "2 kB").value == 2000.0);
  CHECK(parse_quantity(Unit::rate, "25.6 GB/s").value == 25.6e9);
  CHECK(parse_quantity(Unit::frequency, "2.5 GHz").value == 2.5e9);
  CHECK(parse_quantity(Unit::cycles, "2000 cycles").value == 2000.0);
  CHECK(parse_quantity(Unit::instructions, "20 Minstr").value == 20e6);
}

TEST_CASE("text that is no quantity is refused with the reason") {
  CHECK(parse_quantity(Unit::time, "20").problem == "the unit is missing");
  CHECK(parse_quantity(Unit::time, "").problem == "it does not start with a number");
  CHECK(parse_quantity(Unit::time, "inf s").problem == "the number is not finite");
  CHECK(parse_quantity(Unit::time, "nan s").problem == "the number is not finite");
  CHECK(parse_quantity(Unit::time, "1e999 s").problem == "the number is out of range");
  CHECK(parse_quantity(Unit::time, "2 GiB").problem ==
        "\"GiB\" is none of h, min, s, ms, us, ns, ps");
  CHECK_FALSE(parse_quantity(Unit::time, "1e9 h").value);
}

TEST_CASE("formatted quantities parse back to the same value") {
  std::mt19937_64 random{1};
  for (const Unit unit :
       {Unit::time, Unit::size, Unit::rate, Unit::frequency, Unit::cycles, Unit::instructions}) {
    for (int i = 0; i < 2000; ++i) {
      // At most 53 bits: every such whole number is a double of its own.
      const auto value = static_cast<double>(random() >> (11 + random() % 53));
      const std::string text = format_quantity(unit, value);
      INFO(text);
      REQUIRE(parse_quantity(unit, text).value == value);
    }
  }
}

TEST_CASE("no unit gives a shorter text that parses back to the same value") {
  std::mt19937_64 random{2};
  for (const Unit unit : {Unit::time, Unit::size, Unit::rate, Unit::frequency}) {
    std::vector<std::string> names;
    std::istringstream list{scenarios::unit_names(unit)};
    for (std::string name; list >> name; names.push_back(name))
      if (name.back() == ',') name.pop_back();
    for (int i = 0; i < 1000; ++i) {
      auto value = static_cast<double>(random() >> (11 + random() % 53));
      if (unit == Unit::rate && i % 2 == 1) value /= 7.0;
      const std::string text = format_quantity(unit, value);
      INFO(text);
      REQUIRE(parse_quantity(unit, text).value == value);
      for (const std::string& name : names) {
        const double base = parse_quantity(unit, "1 " + name).value.value();
        const std::string other = fmt::format("{} {}", value / base, name);
        const bool plain = other.find("e-") == other.npos && other.find("e+") == other.npos;
        if (!plain || parse_quantity(unit, other).value != value) continue;
        CHECK(text.size() <= other.size());
        CHECK((text.find("e-") == text.npos && text.find("e+") == text.npos));
      }
    }
  }
}

TEST_CASE("values that no text reads back to are written all the same") {
  CHECK(format_quantity(Unit::rate, 2e18) == "2000000 TB/s");
  CHECK(format_quantity(Unit::time, 0.0) == "0 s");
}

TEST_CASE("links and channels may be given in transfers, and are written in bytes") {
  CHECK(parse_quantity(Unit::link_rate, "9.6 GT/s").value == 19.2e9);
  CHECK(parse_quantity(Unit::channel_rate, "2666 MT/s").value == 2666e6 * 8);
  CHECK(parse_quantity(Unit::link_rate, "19.2 GB/s").value == 19.2e9);
  CHECK_FALSE(parse_quantity(Unit::rate, "9.6 GT/s").value.has_value());
  CHECK(format_quantity(Unit::link_rate, 19.2e9) == "19.2 GB/s");
}

TEST_CASE("a quantity is written without an exponent where there is a way") {
  CHECK(format_quantity(Unit::time, 1.08e6) == "1.08 us");
  CHECK(format_quantity(Unit::time, 3.6e15) == "1 h");
}
