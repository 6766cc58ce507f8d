#include "scenarios/journal.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "scenarios/read.hpp"
#include "scenarios/run.hpp"
#include "scenarios/run_json.hpp"
#include "sim/error.hpp"
#include "sim/random.hpp"

namespace scenarios {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kHeader = R"({"tenancy-journal":1})";

std::string hex(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

std::string whole_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw sim::ConfigError{fmt::format("{}: {}", path, std::strerror(errno))};
  return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

}  // namespace

std::string run_text(const Scenario& scenario) {
  Json json = resolved(scenario);
  if (const auto study = json.find("study"); study != json.end()) {
    for (const char* key : {"title", "replications", "confidence", "seed"}) study->erase(key);
  }
  return json.dump();
}

std::string run_key(std::string_view run_text, std::uint64_t seed, bool check) {
  return hex(sim::fnv1a(fmt::format("{}\n{}\n{}\n{}", run_text, seed, check, program_version())));
}

Journal::Journal(std::string path) : path_{std::move(path)} {
  read();
  file_.open(path_, std::ios::binary | std::ios::app);
  if (!file_) throw sim::ConfigError{fmt::format("{}: {}", path_, std::strerror(errno))};
  start();
}

void Journal::read() {
  std::error_code error;
  if (!std::filesystem::exists(path_, error)) return;
  const std::string text = whole_file(path_);
  std::size_t begin = 0;
  int number = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    read_line(text.substr(begin, end - begin), ++number);
  if (begin == text.size()) return;
  // What follows the last line end was cut short. Only a journal may be shortened, though.
  if (number == 0 && !kHeader.starts_with(std::string_view{text}.substr(begin)))
    throw sim::ConfigError{fmt::format("{}:1: not a journal of tenancy; not touched", path_)};
  std::filesystem::resize_file(path_, begin, error);
  if (error) throw sim::ConfigError{fmt::format("{}: {}", path_, error.message())};
}

void Journal::read_line(const std::string& line, int number) {
  if (number == 1) {
    if (line == kHeader) return;
    throw sim::ConfigError{fmt::format("{}:1: not a journal of tenancy; not touched", path_)};
  }
  try {
    const Json json = Json::parse(line);
    const Json& run = json.at("run");
    if (json.at("sum").get<std::string>() != hex(sim::fnv1a(run.dump())))
      throw sim::ConfigError{"checksum differs"};
    runs_.insert_or_assign(run.at("key").get<std::string>(), results_of(run));
  } catch (const std::exception& why) {
    throw sim::ConfigError{
        fmt::format("{}:{}: damaged journal ({}); remove the line, or the file to start afresh",
                    path_, number, why.what())};
  }
}

void Journal::start() {
  if (file_.tellp() != std::streampos{0}) return;
  file_ << kHeader << '\n' << std::flush;
  if (!file_) throw sim::ConfigError{fmt::format("{}: cannot write", path_)};
}

const models::Results* Journal::find(const std::string& key) const {
  const auto found = runs_.find(key);
  return found != runs_.end() ? &found->second : nullptr;
}

void Journal::append(const std::string& key, const models::Results& results) {
  Json run_json{{"key", key}};
  run_json.update(to_json(results));
  const std::string run = run_json.dump();
  file_ << R"({"sum":")" << hex(sim::fnv1a(run)) << R"(","run":)" << run << "}\n" << std::flush;
  if (!file_) throw sim::ConfigError{fmt::format("{}: cannot write", path_)};
}

}  // namespace scenarios
