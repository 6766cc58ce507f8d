// An fio job file as text: its sections, and their options as values. What they mean: fio_job.hpp.
//
// Models  comments from the first ; or # of a line, ${VARIABLES} of the environment, $pagesize.
// Omits   included files, arithmetic.
// Source  fio(1): sections, comments, sizes (1k = 1024, 1ki = 1000), times; fio parse.c
//         (strip_blank_end), init.c, options.c (fio_option_dup_subs).
// Checked tests/scenarios/fio_job_test.cpp.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/node.hpp"
#include "scenarios/problems.hpp"
#include "scenarios/scenario.hpp"

namespace scenarios {

struct FioOption {
  std::string value;  // empty: the option stands alone
  Location at;
  std::string wrong{};  // with its variables
};

class FioJob {
 public:
  FioJob(std::string name, Location at, std::map<std::string, FioOption, std::less<>> options)
      : name_{std::move(name)}, at_{std::move(at)}, options_{std::move(options)} {}

  // Its options in another section.
  FioJob named(const std::string& name, const Location& at) const { return {name, at, options_}; }

  const std::string& name() const { return name_; }
  const Location& at() const { return at_; }
  // Where the option stands, or the section if it does not.
  const Location& at(std::string_view option) const;
  const FioOption* find(std::string_view option) const;
  // Adds an option by its one name; of two the later counts.
  void take(const std::string& name, FioOption option);

  // Their values. A mistake is added to `problems`, and nothing or `otherwise` given.
  // "4k", "8k" of "4k,8k": what is said for reads and writes. Empty: nothing is, fio's default.
  struct Both {
    std::string reads;
    std::string writes;
  };
  Both both(std::string_view option) const;
  // "4k" of "4k" or "4k,4k": what is said for reads, writes and trims.
  std::optional<std::string> alike(std::string_view option, Problems& problems) const;
  std::optional<double> bytes(std::string_view option, Problems& problems) const;
  // A size, or a per cent of what there is: "10g", "20%". Neither: not said.
  struct Extent {
    double bytes = 0.0;
    double share = 0.0;
    // Per cents in whole blocks of 4 KiB.
    double of(double all_B) const {
      return share > 0 ? std::floor(share * all_B / 4096) * 4096 : bytes;
    }
  };
  Extent extent(std::string_view option, Problems& problems) const;
  std::optional<double> seconds(std::string_view option, double unit_s, Problems& problems) const;
  std::int64_t whole(std::string_view option, std::int64_t otherwise, Problems& problems) const;
  bool truth(std::string_view option, bool otherwise) const;
  // The text, or `otherwise`.
  std::string text(std::string_view option, std::string_view otherwise) const;
  // Adds one problem if its engine is outside of what is simulated, else one for each option that
  // is, and notes of those that are passed over. Whether there is something to simulate.
  bool simulated(std::vector<std::string>& notes, Problems& problems) const;

 private:
  std::string name_;
  Location at_;
  std::map<std::string, FioOption, std::less<>> options_;
};

// "4k" in bytes; nothing: not a size.
std::optional<double> fio_size(const std::string& text);

// "a:b" at each `at`, without spaces around.
std::vector<std::string> fio_split(std::string_view text, char at);

// "bs=4q: need a size".
void refuse(const FioOption& option, std::string_view name, std::string_view need,
            Problems& problems);

// The sections, [global] ones' options in those that follow, aliases by one name. Those that are
// not simulated are problems.
std::vector<FioJob> read_fio_file(std::string_view text, const std::string& file,
                                  const Variables& variables, Problems& problems);

}  // namespace scenarios
