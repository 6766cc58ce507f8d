// The machinery of the key table: a Section<T> lists the keys of one table, and each key knows how
// to read itself into T, write itself out of T, and describe itself.
//
// The table itself is in keys.cpp and *_keys.cpp; reading, resolved output and `tenancy keys` all
// come from it, and so does whether two objects are alike. Keys of one value each: fields.hpp.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "scenarios/key_path.hpp"
#include "scenarios/keys.hpp"
#include "scenarios/nearest.hpp"
#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"

namespace scenarios {

using Json = nlohmann::ordered_json;

// Types of keys that are tables and nothing else.
inline constexpr std::string_view kTableType = "table";
inline constexpr std::string_view kTablesType = "array of tables";

template <class T>
struct Field {
  std::string_view name;
  std::string type;  // "time", "whole number 1 to 64", "one of \"a\", \"b\""
  std::string_view meaning;
  std::function<void(T&, const Node&, const std::string& path, Problems&)> read;
  std::function<Json(const T&)> write;
  // For a sub-table: its keys and what each is in that object, for the listing. Empty otherwise.
  std::function<void(const T&, const std::string& path, std::vector<KeyInfo>&)> inner;
  // For a sub-table: those of its keys that are wanted. Empty otherwise.
  std::function<Json(const T&, const Wanted&)> write_some{};
  // Appends bytes that equal values have in common and no others. Empty: those of `write`.
  std::function<void(const T&, std::string&)> add_bytes{};
};

template <class T>
using Section = std::vector<Field<T>>;

inline void expect(Problems& problems, const Node& node, const std::string& path,
                   std::string_view need) {
  problems.add(node.at, fmt::format("{}: got {}, need {}", path, described(node), need));
}

// --- tables ---

template <class T>
void read_table(const Section<T>& section, T& object, const Node& node, const std::string& path,
                Problems& problems) {
  if (node.table() == nullptr) return expect(problems, node, path, "a table");
  for (const Entry& entry : *node.table()) {
    const std::string own = path.empty() ? entry.key : path + "." + entry.key;
    const Field<T>* known = nullptr;
    std::vector<std::string_view> names;
    for (const Field<T>& field : section) {
      if (field.name == entry.key) known = &field;
      names.push_back(field.name);
    }
    if (known != nullptr) {
      known->read(object, entry.value, own, problems);
      continue;
    }
    problems.add(entry.key_at,
                 fmt::format("{}: unknown key{}; `tenancy keys {}` lists what there is", own,
                             did_you_mean(entry.key, names), path));
  }
}

template <class T>
Json write_table(const Section<T>& section, const T& object) {
  Json json = Json::object();
  for (const Field<T>& field : section) {
    Json value = field.write(object);
    if (!value.is_null()) json[std::string{field.name}] = std::move(value);
  }
  return json;
}

// Without the keys that no pattern means. Arrays of tables are written whole.
template <class T>
Json write_some(const Section<T>& section, const T& object, const Wanted& wanted) {
  Json json = Json::object();
  for (const Field<T>& field : section) {
    const Wanted own = below(wanted, field.name);
    if (own.empty()) continue;
    Json value = field.write_some ? field.write_some(object, own) : field.write(object);
    if (!value.is_null()) json[std::string{field.name}] = std::move(value);
  }
  return json;
}

// --- bytes, by which objects are compared; the listing ---

template <class V>
void add_bytes(V value, std::string& into) {
  static_assert(std::is_arithmetic_v<V> || std::is_enum_v<V>);
  into.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline void add_bytes(const std::string& text, std::string& into) {
  add_bytes(text.size(), into);
  into += text;
}

template <class T>
void add_table_bytes(const Section<T>& section, const T& object, std::string& into) {
  for (const Field<T>& field : section) {
    if (field.add_bytes) {
      field.add_bytes(object, into);
    } else {
      add_bytes(field.write(object).dump(), into);
    }
  }
}

template <class T>
void add_tables_bytes(const Section<T>& section, const std::vector<T>& objects, std::string& into) {
  add_bytes(objects.size(), into);
  for (const T& object : objects) add_table_bytes(section, object, into);
}

template <class T>
void list_keys(const Section<T>& section, const T& standard, const std::string& path,
               std::vector<KeyInfo>& into) {
  for (const Field<T>& field : section) {
    const std::string own = fmt::format("{}.{}", path, field.name);
    if (field.inner) {
      // What may stand where the table does.
      if (field.type != kTableType && field.type != kTablesType)
        into.push_back({own, field.type, "", std::string{field.meaning}});
      field.inner(standard, own, into);
      continue;
    }
    const Json value = field.write(standard);
    into.push_back(
        {own, field.type, value.is_null() ? "" : value.dump(), std::string{field.meaning}});
  }
}

template <class T, class Sub>
Field<T> table(std::string_view name, Sub T::*member, const Section<Sub>& (*section)(),
               std::string_view meaning) {
  return {name,
          std::string{kTableType},
          meaning,
          [=](T& object, const Node& node, const std::string& path, Problems& problems) {
            read_table(section(), object.*member, node, path, problems);
          },
          [=](const T& object) { return write_table(section(), object.*member); },
          [=](const T& standard, const std::string& path, std::vector<KeyInfo>& into) {
            list_keys(section(), standard.*member, path, into);
          },
          [=](const T& object, const Wanted& wanted) {
            return write_some(section(), object.*member, wanted);
          },
          [=](const T& object, std::string& into) {
            add_table_bytes(section(), object.*member, into);
          }};
}

// A table that a preset's name may stand for.
template <class T, class Sub>
Field<T> preset_or_table(std::string_view name, Sub T::*member, const Section<Sub>& (*section)(),
                         std::string_view meaning) {
  Field<T> field = table(name, member, section, meaning);
  field.type = "a preset's name, or a table with `use`";
  return field;
}

// The keys of a part of T, as T's own: they stand in T's table, not in one of their own.
template <class T, class Sub>
void append_part(Section<T>& into, const Section<Sub>& part, Sub T::*member) {
  for (const Field<Sub>& field : part) {
    Field<T>& own = into.emplace_back();
    own.name = field.name;
    own.type = field.type;
    own.meaning = field.meaning;
    own.read = [member, read = field.read](T& object, const Node& node, const std::string& path,
                                           Problems& problems) {
      read(object.*member, node, path, problems);
    };
    own.write = [member, write = field.write](const T& object) { return write(object.*member); };
    if (field.inner)
      own.inner = [member, list = field.inner](const T& standard, const std::string& path,
                                               std::vector<KeyInfo>& keys) {
        list(standard.*member, path, keys);
      };
    if (field.write_some)
      own.write_some = [member, write = field.write_some](const T& object, const Wanted& wanted) {
        return write(object.*member, wanted);
      };
    if (field.add_bytes)
      own.add_bytes = [member, add = field.add_bytes](const T& object, std::string& bytes) {
        add(object.*member, bytes);
      };
  }
}

template <class T, class Sub>
Field<T> tables(std::string_view name, std::vector<Sub> T::*member,
                const Section<Sub>& (*section)(), std::string_view meaning) {
  return {name,
          std::string{kTablesType},
          meaning,
          [=](T& object, const Node& node, const std::string& path, Problems& problems) {
            if (node.array() == nullptr) {
              // A VM's own path has its name in it, its table has not.
              const std::string table = path.starts_with("vm.") ? fmt::format("vm.{}", name) : path;
              return expect(problems, node, path,
                            fmt::format("an array of tables, each begun with [[{}]]; --set and "
                                        "sweeps change those that are there",
                                        table));
            }
            (object.*member).clear();
            for (const Node& element : *node.array()) {
              const std::string own = fmt::format("{}[{}]", path, (object.*member).size());
              read_table(section(), (object.*member).emplace_back(), element, own, problems);
            }
          },
          [=](const T& object) {
            Json list = Json::array();
            for (const Sub& sub : object.*member) list.push_back(write_table(section(), sub));
            return list.empty() ? Json{} : list;
          },
          [=](const T&, const std::string& path, std::vector<KeyInfo>& into) {
            list_keys(section(), Sub{}, path, into);
          },
          {},
          [=](const T& object, std::string& into) {
            add_tables_bytes(section(), object.*member, into);
          }};
}

}  // namespace scenarios
