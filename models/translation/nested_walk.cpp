#include "models/translation/nested_walk.hpp"

#include <algorithm>
#include <cstddef>

#include "models/translation/shared_entries.hpp"

namespace models::translation {
namespace {

constexpr int kRounds = 16;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

bool in_second_level(const topology::Tlb& tlb, PageSize page) {
  return tlb.nested_in_l2 && (page == PageSize::small   ? tlb.l2_4k > 0
                              : page == PageSize::large ? tlb.l2_shared_2m
                                                        : tlb.l2_1g > 0);
}

}  // namespace

NestedWalk::NestedWalk(const topology::Tlb& tlb, PageSize guest, PageSize host, double span_B,
                       double second_level, int threads)
    : guest_{tlb, guest, span_B},
      second_level_{second_level},
      own_{static_cast<double>(tlb.nested_tlb) / threads},
      page_B_{bytes(std::min(guest, host))},
      span_B_{span_B},
      together_{second_level > 0 && in_second_level(tlb, host)},
      left_{second_level} {
  for (int level = guest_.first(); level < guest_.end(); ++level) {
    const double tables_B = guest_.table_B(level);
    hosts_.emplace_back(tlb, host, std::max(bytes(host), tables_B));
    pages_.push_back(std::max(1.0, tables_B / bytes(host)));
  }
  hosts_.emplace_back(tlb, host, std::max(bytes(host), span_B));
  found_.assign(pages_.size(), 0.0);
  walked_.assign(hosts_.size(), 1.0);
  for (int round = 0; round < kRounds; ++round) {
    divide_tlb();
    divide_caches(tlb, threads);
  }
}

// Each walk is a miss of the data's translation, so an entry of its own and uses of the tables'.
void NestedWalk::divide_tlb() {
  std::vector<EntryUse> uses;
  for (std::size_t i = 0; i < pages_.size(); ++i)
    uses.push_back({pages_[i], guest_.read(guest_.first() + static_cast<int>(i))});
  if (together_) {
    // What misses fills: rate x (1 - hit) = 1, so that the data's entries have no upper end here.
    constexpr double kMany = 1e18;
    uses.push_back({kMany, 1.0});
    found_ = hits(second_level_, uses);
    left_ = std::min(found_.back() * kMany, span_B_ / page_B_);
    found_.pop_back();
  } else {
    found_ = hits(own_, uses);
  }
  for (std::size_t i = 0; i < pages_.size(); ++i) walked_[i] = uses[i].rate * (1.0 - found_[i]);
}

void NestedWalk::divide_caches(const topology::Tlb& tlb, int threads) {
  const std::array<double, kTables> cached = cached_entries(tlb, threads);
  std::vector<const Dimension*> walks{&guest_};
  for (const Dimension& host : hosts_) walks.push_back(&host);
  std::vector<std::array<double, kTables>> found(walks.size());
  // Of a level, who reads the one below it looks for it first.
  for (int level = 1; level < tlb.levels; ++level) {
    std::vector<EntryUse> uses;
    for (std::size_t w = 0; w < walks.size(); ++w) {
      const bool looks = level > walks[w]->first();
      const double often = w == 0 ? 1.0 : walked_[w - 1];
      uses.push_back({walks[w]->entries(level), looks ? often * walks[w]->read(level - 1) : 0.0});
    }
    const std::vector<double> hit = hits(cached[at(level)], uses);
    for (std::size_t w = 0; w < walks.size(); ++w) found[w][at(level)] = hit[w];
  }
  guest_.hit(found.front());
  for (std::size_t h = 0; h < hosts_.size(); ++h) hosts_[h].hit(found[h + 1]);
}

void NestedWalk::add(double often, std::vector<TableReads>& reads) const {
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    const int level = guest_.first() + static_cast<int>(i);
    const double read = often * guest_.read(level);
    if (read <= 0) continue;
    hosts_[i].add(read * (1.0 - found_[i]), reads);
    reads.push_back({read, guest_.lines(level)});
  }
  hosts_.back().add(often, reads);
}

}  // namespace models::translation
