#include "models/translation/page_walk.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "models/translation/dimension.hpp"
#include "models/translation/nested_walk.hpp"

namespace models::translation {
namespace {

constexpr double kEntriesPerLine = 8.0;  // of 8 bytes in 64

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

int leaf(PageSize size) {
  return static_cast<int>(size);
}

double ratio_at(const PageReferences& references, double reach_B, double memory_B) {
  const std::vector<ReachPoint>& curve = references.miss_curve;
  if (curve.empty()) return std::max(0.0, 1.0 - reach_B / memory_B);
  const auto reach = [](const ReachPoint& point) {
    return static_cast<double>(point.reach.count());
  };
  if (reach_B <= reach(curve.front())) return curve.front().miss_ratio;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    if (reach_B > reach(curve[i])) continue;
    const double part = (reach_B - reach(curve[i - 1])) / (reach(curve[i]) - reach(curve[i - 1]));
    return curve[i - 1].miss_ratio + part * (curve[i].miss_ratio - curve[i - 1].miss_ratio);
  }
  return curve.back().miss_ratio;
}

struct Entries {
  double first = 0.0;
  double second = 0.0;
};

// TLB entries for pages of a size, which a share of the references goes to.
Entries entries(const topology::Tlb& tlb, PageSize page, double share, int threads) {
  const double own = 1.0 / threads;
  switch (page) {
    case PageSize::small:
      return {tlb.l1_4k * own, tlb.l2_4k * (tlb.l2_shared_2m ? share : 1.0) * own};
    case PageSize::large:
      return {tlb.l1_2m * own, tlb.l2_shared_2m ? tlb.l2_4k * share * own : 0.0};
    case PageSize::huge:
      return {tlb.l1_1g * own, tlb.l2_1g * own};
  }
  return {};
}

// Memory that the guest maps with one size and the host with another.
struct Part {
  PageSize guest;
  PageSize host;
  PageSize entry;  // what a TLB entry maps: the smaller of the two
  double share;
};

// `alike` is the share of all memory that TLB entries of this part's size map.
void add_part(const topology::Tlb& tlb, const PageReferences& references, double memory_B,
              Paging paging, const Part& part, double alike, int threads, Walks& into) {
  const double span_B = std::max(bytes(part.entry), memory_B * part.share);
  Entries have = entries(tlb, part.entry, alike, threads);
  std::optional<NestedWalk> nested;
  if (paging == Paging::nested) {
    nested.emplace(tlb, part.guest, part.host, span_B, have.second, threads);
    have.second = nested->second_level();
  }
  const double page_B = bytes(part.entry);
  const double scattered = references.scattered_per_kilo_instruction / 1000.0 * part.share;
  const double sequential =
      references.sequential_B_per_kilo_instruction / 1000.0 * part.share / page_B;
  // The curve is of all memory: these entries reach a part of their part of it.
  const auto missing = [&](double count) {
    return ratio_at(references, count * page_B / alike, memory_B);
  };
  const double beyond_first = scattered * missing(have.first);
  const double beyond_all = scattered * missing(std::max(have.first, have.second));
  const double misses = beyond_all + sequential;
  into.misses_per_instruction += misses;
  into.l2_tlb_hits_per_instruction += beyond_first - beyond_all;
  if (misses <= 0) return;
  const auto walk = [&](double often) {
    if (nested) {
      nested->add(often, into.reads);
    } else {
      native_walk(tlb, part.entry, span_B, threads).add(often, into.reads);
    }
  };
  if (beyond_all > 0) walk(beyond_all);
  if (sequential <= 0) return;
  // In order, one line of leaf entries serves eight walks; the others find it at hand.
  walk(sequential / kEntriesPerLine);
  const double dimensions = paging == Paging::nested ? 2.0 : 1.0;
  into.reads.push_back({dimensions * sequential * (1.0 - 1.0 / kEntriesPerLine), 1.0});
}

}  // namespace

double Walks::reads_per_walk() const {
  double all = 0.0;
  for (const TableReads& read : reads) all += read.per_instruction;
  return misses_per_instruction > 0 ? all / misses_per_instruction : 0.0;
}

Walks walks(const topology::Tlb& tlb, const PageReferences& references, sim::Bytes span,
            Paging paging, const PageUse& guest, const PageUse& host, int threads) {
  Walks result;
  if (!references.any()) return result;
  const double memory_B = std::max(4096.0, static_cast<double>(span.count()));
  const bool two = paging != Paging::native;
  const double g =
      guest.size == PageSize::small ? 0.0 : guest.coverage * references.large_page_share;
  const double h = host.size == PageSize::small ? 0.0 : host.coverage;
  std::vector<Part> parts;
  const auto add = [&](PageSize guest_page, PageSize host_page, double share) {
    const PageSize entry = two ? std::min(guest_page, host_page) : guest_page;
    if (share > 0) parts.push_back({guest_page, host_page, entry, share});
  };
  add(guest.size, host.size, two ? g * h : g);
  add(guest.size, PageSize::small, two ? g * (1.0 - h) : 0.0);
  add(PageSize::small, host.size, two ? (1.0 - g) * h : 1.0 - g);
  add(PageSize::small, PageSize::small, two ? (1.0 - g) * (1.0 - h) : 0.0);
  std::array<double, 3> alike{};
  for (const Part& part : parts) alike[at(leaf(part.entry))] += part.share;
  for (const Part& part : parts) {
    add_part(tlb, references, memory_B, paging, part, alike[at(leaf(part.entry))], threads, result);
  }
  return result;
}

}  // namespace models::translation
