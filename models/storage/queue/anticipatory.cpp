#include "models/storage/queue/anticipatory.hpp"

namespace models::storage::queue {
namespace {

constexpr sim::Bytes kBackMost{512 << 20};  // MAXBACK 1024 * 1024 sectors [recall]
constexpr int kBackPenalty = 2;             // BACK_PENALTY [recall]
constexpr sim::Bytes kClose{8192 * 512};    // as_close_req: within 8192 sectors at first [recall]
constexpr sim::Duration kMostThink{20'000'000'000};  // MAX_THINKTIME

}  // namespace

void Anticipatory::add(Item& item) {
  const bool idle = !busy_ && reads_.empty() && writes_.empty();
  if (idle && wait_until_ == sim::kNever) begin_batch(item.synchronous, item.arrived);
  (item.synchronous ? reads_ : writes_).add(item);
  if (item.synchronous)
    processes_[item.stream].arrived(item.arrived, item.offset, item.end(), kMostThink);
}

void Anticipatory::begin_batch(bool reading, sim::Instant now) {
  reading_ = reading;
  batch_end_ = now + (reading ? tunables_.read_batch_expire : tunables_.write_batch_expire);
}

bool Anticipatory::close(const Item& item) const {
  return item.offset + kClose >= position_ && item.offset <= position_ + kClose;
}

Item* Anticipatory::pick(const WaitingItems& from, sim::Duration expire, sim::Instant now) const {
  Item* const oldest = from.oldest();
  if (now - oldest->arrived >= expire) return oldest;
  return from.nearest(position_, kBackMost, kBackPenalty);
}

Item* Anticipatory::next(sim::Instant now) {
  if (busy_) return nullptr;
  if (wait_until_ != sim::kNever && now < wait_until_) {
    bool come = false;
    for (const Item* each : reads_.all()) come = come || each->stream == awaited_ || close(*each);
    if (!come) return nullptr;
  }
  const bool waited = wait_until_ != sim::kNever;
  wait_until_ = sim::kNever;
  if (reads_.empty() && writes_.empty()) return nullptr;
  const bool over = now >= batch_end_;
  if (reading_ ? (reads_.empty() || (over && !writes_.empty()))
               : (writes_.empty() || (over && !reads_.empty()))) {
    begin_batch(!reading_, now);
  } else if (over) {
    begin_batch(reading_, now);
  }
  Item* item = nullptr;
  if (reading_ && waited) {  // the one that was waited for, though another lie as near
    for (Item* each : reads_.all()) {
      if (each->stream == awaited_) item = each;
    }
    if (item != nullptr && now - reads_.oldest()->arrived >= tunables_.read_expire) item = nullptr;
  }
  if (item == nullptr) {
    item = reading_ ? pick(reads_, tunables_.read_expire, now)
                    : pick(writes_, tunables_.write_expire, now);
  }
  busy_ = true;
  position_ = item->end();
  return (reading_ ? reads_ : writes_).take(item);
}

void Anticipatory::completed(const Item& item, sim::Instant now) {
  busy_ = false;
  if (!item.synchronous) return;
  Habits& process = processes_[item.stream];
  process.completed(now);
  for (const Item* each : reads_.all()) {
    if (each->stream == item.stream) return;
  }
  if (!reading_ || now >= batch_end_ || !process.comes_back_within(tunables_.antic_expire)) return;
  awaited_ = item.stream;
  wait_until_ = now + tunables_.antic_expire;
}

}  // namespace models::storage::queue
