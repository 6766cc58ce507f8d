#include "models/storage/raid/parity.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "sim/error.hpp"
#include "sim/join.hpp"

namespace models::storage::raid {

using sim::Bytes;
using sim::Duration;

namespace {

Bytes rows(std::int64_t count) {
  return Bytes{count * kRow_B};
}

}  // namespace

Parity::Parity(sim::Engine& engine, const Description& description,
               std::vector<BlockDevice*> members, std::vector<Thread*> threads)
    : Md{engine, description, std::move(members), std::move(threads)},
      cache_{description.stripe_cache},
      // raid5.c setup_conf: read-modify-write of RAID 6 needs the routine that updates Q.
      rmw_level_{description.level == Level::raid6 && !description.xor_syndrome
                     ? 0
                     : description.rmw_level},
      rows_per_chunk_{description.chunk.count() / kRow_B},
      device_lock_{engine},
      room_{engine},
      submissions_{engine},
      dispatch_{sim::Event::calling<&Parity::dispatch>(engine, *this)} {
  sim::Complaints complaints;
  complaints.need(description.rmw_level >= 0 && description.rmw_level <= 2,
                  "rmw_level: needs 0, 1 or 2");
  complaints.need(description.costs.xor_rate.count() > 0, "xor_rate: needs more than zero");
  complaints.need(description.costs.syndrome_rate.count() > 0,
                  "syndrome_rate: needs more than zero");
  complaints.raise();
}

// Behind what is due now, so that requests of one instant meet in their rows (plugging).
void Parity::kick() {
  if (!dispatch_.pending()) dispatch_.after(Duration::zero());
}

Blocks Parity::present(Bytes offset, Bytes size) const {
  Blocks blocks = 0;
  for (int i = 0; i < geometry().members(); ++i) {
    if (readable(i, offset, size)) blocks |= bit(i);
  }
  return blocks;
}

RowPlan Parity::plan(const Row& row) const {
  const std::int64_t stripe = row.number / rows_per_chunk_;
  RowState state;
  state.members = geometry().members();
  state.p = geometry().parity(stripe);
  state.q = geometry().syndrome(stripe);
  state.cached = row.cached;
  state.present = present(rows(row.number), rows(1));
  state.written = row.request.written;
  state.whole = row.request.whole;
  state.read = row.request.read;
  state.synced = rows(row.number) < synced();
  state.rmw_level = rmw_level_;
  const RowPlan plan = plan_row(state);
  if (description().redundant || plan.method == Method::read) return plan;
  return {.method = plan.method,
          .reads = state.read & state.present & ~state.cached,
          .writes = state.written,
          .cached = state.cached};
}

void Parity::dispatch() {
  Run run;
  batch_.clear();
  std::swap(batch_, queued_);
  for (Row* row : batch_) {
    if (!row->started) held_.passed();
    const RowPlan own = plan(*row);
    const bool may_wait = !row->request.urgent && !row->gathered;
    if (own.reads != 0 && row->request.written != 0 && may_wait) {
      row->state = Row::State::delayed;
      delayed_.push_back(row);
      if (gathering_ > 0) ++counts().delayed;
    } else {
      start(*row, own, run);
    }
  }
  launch(run);
  if (gathering_ == 0) hold_delayed();
  while (Row* row = held_.next(full_stripes_ > 0)) start(*row, plan(*row), run);
  launch(run);
}

// raid5_activate_delayed.
void Parity::hold_delayed() {
  for (Row* row : delayed_) {
    if (row->state != Row::State::delayed) continue;
    row->state = Row::State::held;
    row->gathered = true;
    ++gathering_;
    held_.add(*row);
  }
  delayed_.clear();
}

// Adds the row to the run when it goes on there, else launches that and begins another.
void Parity::start(Row& row, const RowPlan& plan, Run& run) {
  const bool joins = run.rows > 0 && row.number == run.first + run.rows &&
                     row.number % rows_per_chunk_ != 0 && plan == run.plan &&
                     row.request.fua == run.fua;
  if (!joins) {
    launch(run);
    run = Run{.first = row.number, .plan = plan, .fua = row.request.fua};
  }
  ++run.rows;
  row.state = Row::State::handled;
  if (run.gathers()) return;  // what is asked meanwhile is written along
  run.gathered += std::exchange(row.gathered, false);
  row.started = false;
  row.request = {};
  row.served.swap(row.waiting);
}

void Parity::launch(Run& run) {
  if (run.rows == 0) return;
  count(run);
  if (run.full()) full_stripes_ += run.rows;
  engine().spawn(run.gathers() ? gather(run) : handle(run));
  run.rows = 0;
}

void Parity::count(const Run& run) {
  Stats& stats = counts();
  const RowPlan& plan = run.plan;
  // Blocks that were read for it are no hits.
  if (run.gathered == 0) stats.cache_hits += plan.saved * run.rows;
  if (run.gathers()) return;
  if (plan.method == Method::full_stripe) stats.full_stripes += run.rows;
  if (plan.method == Method::read_modify_write) stats.read_modify_writes += run.rows;
  if (plan.method == Method::reconstruct_write) stats.reconstruct_writes += run.rows;
  if (plan.computes) stats.computed += run.rows;
}

sim::Task<> Parity::pass(const Run& run, bool computes) {
  const Costs& costs = description().costs;
  Duration time = costs.stripe_pass * run.rows;
  if (computes) {
    time += rows(run.plan.xor_blocks * std::int64_t{run.rows}) / costs.xor_rate;
    time += rows(run.plan.syndrome_blocks * std::int64_t{run.rows}) / costs.syndrome_rate;
  }
  if (time <= Duration::zero()) co_return;
  constexpr int kBatch = 8;  // rows a worker takes at once, MAX_STRIPE_BATCH
  const int workers = std::min(description().group_threads, (run.rows + kBatch - 1) / kBatch);
  if (workers <= 1) {
    co_await work(time);
    co_return;
  }
  sim::Join join{engine()};
  for (int i = 0; i < workers; ++i) join.add(work(time / workers));
  co_await join.all();
}

void Parity::move(const Run& run, Blocks blocks, Operation operation, sim::Join& join) {
  Request request;
  request.operation = operation;
  request.fua = run.fua && operation == Operation::write;
  for (; blocks != 0; blocks &= blocks - 1) {
    Piece piece{std::countr_zero(blocks), rows(run.first), rows(run.rows)};
    join.add(submit(piece, request));
  }
}

// What a write needs to know first. The rows are looked at anew when it is there: with what has
// been asked since, less may be left to do.
sim::Process Parity::gather(Run run) {
  for (std::int64_t number = run.first; number < run.first + run.rows; ++number) {
    Row& row = *cache_.find(number);
    gathering_ += !std::exchange(row.gathered, true);
  }
  co_await announce(run);
  co_await fetch(run);
  if (Bitmap* map = bitmap()) map->leave(rows(run.first), rows(run.rows));
  for (std::int64_t number = run.first; number < run.first + run.rows; ++number) {
    Row& row = *cache_.find(number);
    row.cached |= run.plan.reads;
    row.started = true;
    row.state = Row::State::queued;
    queued_.push_back(&row);
  }
  kick();
}

sim::Task<> Parity::fetch(const Run& run) {
  co_await pass(run, false);
  sim::Join reads{engine()};
  move(run, run.plan.reads, Operation::read, reads);
  co_await reads.all();
}

// In the bitmap, until it is left there.
sim::Task<> Parity::announce(const Run& run) {
  Bitmap* map = bitmap();
  const Bytes offset = rows(run.first);
  const Bytes size = rows(run.rows);
  if (map != nullptr && !map->enter(offset, size)) co_await map->mark(offset, size);
}

sim::Process Parity::handle(Run run) {
  const bool writes_any = run.plan.writes != 0;
  if (writes_any) co_await announce(run);
  if (run.plan.reads != 0) co_await fetch(run);
  co_await pass(run, true);
  if (writes_any) {
    for (std::int64_t number = run.first; number < run.first + run.rows; ++number) {
      for (Countdown* waiter : cache_.find(number)->served) waiter->writing_from = engine().now();
    }
    sim::Join writes{engine()};
    Blocks blocks = run.plan.writes;
    for (int i = 0; i < geometry().members(); ++i) {
      if (!writable(i)) blocks &= ~bit(i);
    }
    move(run, blocks, Operation::write, writes);
    gathering_ -= run.gathered;
    if (run.gathered > 0 && gathering_ == 0) kick();
    co_await writes.all();
    run.plan.xor_blocks = run.plan.syndrome_blocks = 0;
    co_await pass(run, false);
  }
  if (Bitmap* map = writes_any ? bitmap() : nullptr) map->leave(rows(run.first), rows(run.rows));
  finish(run);
}

void Parity::finish(const Run& run) {
  bool more = false;
  for (std::int64_t number = run.first; number < run.first + run.rows; ++number) {
    Row& row = *cache_.find(number);
    row.cached = run.plan.cached;
    for (Countdown* waiter : row.served) waiter->one_done();
    row.served.clear();
    if (!row.request.empty()) {  // asked while it was handled
      row.state = Row::State::queued;
      queued_.push_back(&row);
      more = true;
    } else if (cache_.release(row)) {
      room_.fire();
    }
  }
  if (run.full() && (full_stripes_ -= run.rows) == 0) more = true;  // those held may go
  if (more) kick();
}

}  // namespace models::storage::raid
