#include "scenarios/fio_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "scenarios/fio_job_io.hpp"

namespace scenarios {
namespace {

constexpr double kBlock_B = 4'096.0;  // fio's default

// bssplit=4k/60:64k/40, whose shares that are left out are alike.
FioMix split(const FioJob& job, const std::string& text, Problems& problems) {
  FioMix mix;
  double said = 0.0, unsaid = 0.0;
  for (const std::string& one : fio_split(text, ':')) {
    const std::vector<std::string> parts = fio_split(one, '/');
    const auto size_B = fio_size(parts.front());
    const auto share = parts.size() < 2 || parts[1].empty() ? 0.0 : fio_size(parts[1]);
    if (!size_B || *size_B <= 0 || !share) {
      refuse(*job.find("bssplit"), "bssplit", "sizes with per cents such as 4k/60:64k/40",
             problems);
      return {};
    }
    mix.emplace_back(*size_B, *share / 100);
    said += *share / 100;
    unsaid += *share > 0 ? 0.0 : 1.0;
  }
  for (auto& [size_B, share] : mix) {
    if (share <= 0) share = std::max(0.0, 1.0 - said) / unsaid;
  }
  std::erase_if(mix, [](const auto& one) { return one.second <= 0; });
  return mix;
}

// bsrange=4k-64k: multiples of the least, alike; of many, every so manieth.
FioMix range(const FioJob& job, const std::string& text, Problems& problems) {
  constexpr double kMost = 256;
  const std::vector<std::string> ends = fio_split(text, '-');
  const auto least = fio_size(ends.front());
  const auto most = ends.size() == 2 ? fio_size(ends.back()) : std::nullopt;
  if (!least || !most || *least <= 0 || *most < *least) {
    refuse(*job.find("bsrange"), "bsrange",
           "two sizes such as 4k-64k, of reads and writes 4k-64k,8k-32k", problems);
    return {};
  }
  const double multiples = std::floor(*most / *least);
  const double step = std::ceil(multiples / kMost);
  FioMix mix;
  for (double i = step; i <= multiples; i += step)
    mix.emplace_back(i * *least, step * *least / *most);
  if (mix.back().first < *most)
    mix.emplace_back(*most, 1.0 - static_cast<double>(mix.size()) * step * *least / *most);
  return mix;
}

void wrong_places(const FioJob& job, Problems& problems, std::string_view need) {
  refuse(*job.find("random_distribution"), "random_distribution", need, problems);
}

// zipf:1.2:0.5: the skew, and where the hottest place lies.
void skewed(const FioJob& job, const std::vector<std::string>& parts, Node& test,
            Problems& problems) {
  const std::string& name = parts.front();
  const double usual = name == "zipf" ? 1.1 : name == "pareto" ? 0.2 : 0.0;  // fio init.c
  const auto skew = parts.size() > 1 ? fio_size(parts[1]) : usual;
  const auto centre = parts.size() > 2 ? fio_size(parts[2]) : -1.0;
  const double most = name == "zipf" ? 10.0 : name == "pareto" ? 1.0 : 100.0;
  const bool fits = skew && centre && *centre <= 1 && *skew < most &&
                    (*skew > 0 || name == "normal") && (name != "zipf" || *skew != 1);
  if (!fits) {
    return wrong_places(job, problems,
                        name == "zipf"     ? "an exponent other than 1 such as zipf:1.2"
                        : name == "pareto" ? "a share between 0 and 1 such as pareto:0.2"
                                           : "a deviation in per cents such as normal:10");
  }
  const Location& said = job.at("random_distribution");
  put(test, said, "distribution", name);
  put(test, said, "skew", name == "normal" ? *skew / 100 : *skew);
  put(test, said, "centre", *centre);
}

// 50/5:30/15:20/: per cents of the I/Os and of the places, or their size; what is left out is
// alike.
void zones(const FioJob& job, const std::string& text, bool by_size, Node& test,
           Problems& problems) {
  std::vector<std::pair<double, double>> zones;  // share, part
  double share = 0.0, part = 0.0, unsaid = 0.0;
  for (const std::string& one : fio_split(text, ':')) {
    const std::vector<std::string> parts = fio_split(one, '/');
    const auto access = fio_size(parts.front());
    const auto extent = parts.size() < 2 || parts[1].empty() ? 0.0 : fio_size(parts[1]);
    if (!access || !extent || (by_size && *extent <= 0))
      return wrong_places(job, problems,
                          by_size ? "per cents of I/Os and sizes such as 60/10g:40/90g"
                                  : "per cents of I/Os and places such as 60/10:40/90");
    zones.emplace_back(*access / 100, by_size ? *extent : *extent / 100);
    share += *access / 100;
    part += *extent / 100;
    unsaid += *extent > 0 ? 0.0 : 1.0;
  }
  if (std::abs(share - 1.0) > 1e-9 || (!by_size && part > 1.0 + 1e-9))
    return wrong_places(job, problems,
                        "per cents of I/Os that sum to 100, of places to 100 at most");
  const Location& said = job.at("random_distribution");
  Node::Array list;
  for (auto& [access, extent] : zones) {
    if (extent <= 0) extent = (1.0 - part) / unsaid;
    Node size{said, extent};
    if (by_size) size.value = fmt::format("{:.0f} B", extent);
    list.push_back(Node{said, Node::Array{Node{said, access}, size}});
  }
  put(test, said, "distribution", std::string{"zones"});
  put(test, said, "zones", std::move(list));
}

}  // namespace

double mean(const FioMix& mix) {
  double bytes = 0.0, shares = 0.0;
  for (const auto& [size_B, share] : mix) {
    bytes += size_B * share;
    shares += share;
  }
  return shares > 0 ? bytes / shares : 0.0;
}

// bssplit before bsrange before bs.
FioMix fio_sizes(const FioJob& job, const std::string FioJob::Both::*way, Problems& problems) {
  const FioMix otherwise{{kBlock_B, 1.0}};
  for (const auto& [option, read] : {std::pair{"bssplit", &split}, std::pair{"bsrange", &range}}) {
    const std::string text = job.both(option).*way;
    if (text.empty()) continue;
    const FioMix mix = read(job, text, problems);
    return mix.empty() ? otherwise : mix;
  }
  const std::string text = job.both("bs").*way;
  if (text.empty()) return otherwise;
  const auto size_B = fio_size(text);
  if (size_B && *size_B > 0) return {{*size_B, 1.0}};
  refuse(*job.find("bs"), "bs", "a size such as 4k, 512m or 10g (k is 1024)", problems);
  return otherwise;
}

void put_fio_distribution(const FioJob& job, const std::string& text, Node& test,
                          Problems& problems) {
  const std::vector<std::string> parts = fio_split(text, ':');
  const std::string& name = parts.front();
  if (parts.size() > 1 && (name == "zoned" || name == "zoned_abs")) {
    zones(job, text.substr(name.size() + 1), name == "zoned_abs", test, problems);
  } else if (name == "zipf" || name == "pareto" || name == "normal") {
    skewed(job, parts, test, problems);
  } else {
    wrong_places(job, problems,
                 "one of random, zipf:1.2, pareto:0.2, normal:10, zoned:60/10:40/90, "
                 "zoned_abs:60/10g:40/90g");
  }
}

}  // namespace scenarios
