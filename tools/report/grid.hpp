// A table of aligned cells that is Markdown as it stands, to be pasted into a document.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tools::report {

enum class Colour { none, bold, yellow, red };

// The text in its colour, when colours are wanted.
std::string coloured(std::string_view text, Colour colour, bool wanted);

// Columns that a text takes on a terminal: its code points (what we print has no wide ones).
std::size_t width(std::string_view utf8);

struct Cell {
  std::string text;
  Colour colour = Colour::none;
};

struct Column {
  std::string heading;
  bool right = false;  // numbers stand on the right
};

struct Grid {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as columns
};

// Width of the printed lines.
std::size_t width(const Grid& grid);

std::string markdown(const Grid& grid, bool colours);

}  // namespace tools::report
