// The options of fio: their other names, which of them are simulated, which change nothing here.
//
// Source  fio options.c (names, aliases), fio(1). Checked tests/scenarios/fio_job_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace scenarios {

// The one name of an option that has several: "bs" of "blocksize".
std::string fio_option_name(std::string_view given);

// What is wrong with an option, by its one name, if it is not simulated: why and what to do.
// Empty: it is, or changes reports, logs or contents and no times.
std::string fio_option_problem(std::string_view name, std::string_view value);

// How an option that makes I/Os cheaper is passed over; empty: it is simulated or changes nothing.
std::string fio_option_note(std::string_view name, std::string_view value);

enum class FioEngine {
  waits,    // for each I/O
  goes_on,  // has as many under way as iodepth says
  outside   // no files or devices of a guest's by reads and writes
};
FioEngine fio_engine(std::string_view name);

// The engine's name that is near a mistyped one; empty: none is.
std::string fio_engine_near(std::string_view name);

}  // namespace scenarios
