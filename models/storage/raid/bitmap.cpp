#include "models/storage/raid/bitmap.hpp"

#include <iterator>
#include <utility>

#include "sim/error.hpp"

namespace models::storage::raid {

Bitmap::Bitmap(sim::Engine& engine, const BitmapTunables& tunables,
               std::function<sim::Task<>()> write_page)
    : engine_{engine},
      chunk_B_{tunables.chunk.count()},
      sleep_{tunables.sleep},
      write_page_{std::move(write_page)},
      page_{engine},
      daemon_{sim::Event::calling<&Bitmap::clear_idle>(engine, *this)} {
  sim::Complaints complaints;
  complaints.need(chunk_B_ >= 4096, "bitmap.chunk: needs at least 4 KiB");
  complaints.need(sleep_ > sim::Duration::zero(), "bitmap.sleep: needs more than zero");
  complaints.raise();
}

bool Bitmap::enter(sim::Bytes offset, sim::Bytes size) {
  bool durable = true;
  for (auto i = chunk_of(offset); i <= last_of(offset, size); ++i) {
    Chunk& chunk = chunks_[i];
    ++chunk.writers;
    chunk.rounds = 0;
    durable = durable && chunk.durable;
  }
  if (!daemon_.pending()) daemon_.after(sleep_);
  return durable;
}

sim::Task<> Bitmap::mark(sim::Bytes offset, sim::Bytes size) {
  co_await page_.run(write_page_);
  for (auto i = chunk_of(offset); i <= last_of(offset, size); ++i) chunks_[i].durable = true;
}

void Bitmap::leave(sim::Bytes offset, sim::Bytes size) {
  for (auto i = chunk_of(offset); i <= last_of(offset, size); ++i) {
    Chunk& chunk = chunks_[i];
    --chunk.writers;
    chunk.rounds = 0;
  }
}

// The first round that finds a chunk idle only remembers it.
void Bitmap::clear_idle() {
  const auto before = chunks_.size();
  for (auto it = chunks_.begin(); it != chunks_.end();) {
    Chunk& chunk = it->second;
    it = chunk.writers == 0 && ++chunk.rounds >= 2 ? chunks_.erase(it) : std::next(it);
  }
  if (chunks_.size() < before) engine_.spawn(write_back(engine_, *this));
  if (!chunks_.empty()) daemon_.after(sleep_);
}

sim::Process Bitmap::write_back(sim::Engine&, Bitmap& bitmap) {
  co_await bitmap.page_.run(bitmap.write_page_);
}

}  // namespace models::storage::raid
