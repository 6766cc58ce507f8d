#include "tools/report/grid.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tools::report {

namespace {

std::string_view code(Colour colour) {
  switch (colour) {
    case Colour::bold:
      return "\x1b[1m";
    case Colour::yellow:
      return "\x1b[33m";
    case Colour::red:
      return "\x1b[31m";
    case Colour::none:
      break;
  }
  return "";
}

// A bar inside a cell would end it.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::vector<std::size_t> widths(const Grid& grid) {
  std::vector<std::size_t> all;
  for (std::size_t c = 0; c < grid.columns.size(); ++c) {
    std::size_t most = std::max<std::size_t>(3, width(escaped(grid.columns[c].heading)));
    for (const auto& row : grid.rows) most = std::max(most, width(escaped(row[c].text)));
    all.push_back(most);
  }
  return all;
}

std::string padded(std::string_view text, std::size_t to, bool right, Colour colour, bool colours) {
  const std::string shown = escaped(text);
  const std::string space(to - width(shown), ' ');
  const std::string body = coloured(shown, colour, colours);
  return right ? space + body : body + space;
}

}  // namespace

std::string coloured(std::string_view text, Colour colour, bool wanted) {
  if (!wanted || colour == Colour::none || text.empty()) return std::string{text};
  return fmt::format("{}{}\x1b[0m", code(colour), text);
}

std::size_t width(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::size_t width(const Grid& grid) {
  std::size_t total = 1;
  for (const std::size_t column : widths(grid)) total += column + 3;
  return total;
}

std::string markdown(const Grid& grid, bool colours) {
  const auto to = widths(grid);
  std::string out = "|";
  for (std::size_t c = 0; c < to.size(); ++c) {
    const Column& column = grid.columns[c];
    out += fmt::format(" {} |", padded(column.heading, to[c], column.right, Colour::bold, colours));
  }
  out += "\n|";
  for (std::size_t c = 0; c < to.size(); ++c) {
    const bool right = grid.columns[c].right;
    out += fmt::format(" {}{} |", std::string(to[c] - (right ? 1 : 0), '-'), right ? ":" : "");
  }
  out += '\n';
  for (const auto& row : grid.rows) {
    out += '|';
    for (std::size_t c = 0; c < to.size(); ++c)
      out += fmt::format(" {} |",
                         padded(row[c].text, to[c], grid.columns[c].right, row[c].colour, colours));
    out += '\n';
  }
  return out;
}

}  // namespace tools::report
