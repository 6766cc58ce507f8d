// How requests come into the rows of a parity array, or past them (parity.hpp).
#include <algorithm>

#include "models/storage/raid/parity.hpp"
#include "sim/join.hpp"

namespace models::storage::raid {

using sim::Bytes;
using sim::Duration;

// Within a chunk on a disk that is there: past the cache. Of a missing disk: through its rows.
sim::Task<> Parity::read(Request request) {
  const ParityPiece first = geometry().piece(request.offset);
  if (first.size >= request.size && readable(first.member, first.offset, request.size)) {
    co_await read_from({first.member, first.offset, request.size}, request);
    co_return;
  }
  sim::Join join{engine()};
  Countdown computed{engine()};
  for (Bytes done{}; done < request.size;) {
    ParityPiece piece = geometry().piece(request.offset + done);
    piece.size = std::min(piece.size, request.size - done);
    done += piece.size;
    if (readable(piece.member, piece.offset, piece.size)) {
      join.add(read_from({piece.member, piece.offset, piece.size}, request));
    } else {
      co_await lay(piece, request, computed);
    }
  }
  kick();
  co_await join.all();
  co_await computed;
}

// Past the stripe cache.
sim::Task<> Parity::read_from(Piece piece, Request request) {
  if (description().costs.read_lock > sim::Duration::zero())
    co_await device_lock_.serve(description().costs.read_lock);
  co_await submit(piece, request);
}

sim::Task<> Parity::write(Request request) {
  const sim::Instant began = engine().now();
  Countdown done{engine()};
  for (Bytes laid{}; laid < request.size;) {
    ParityPiece piece = geometry().piece(request.offset + laid);
    piece.size = std::min(piece.size, request.size - laid);
    laid += piece.size;
    co_await lay(piece, request, done);
  }
  kick();
  co_await done;
  if (request.waits != nullptr)
    request.waits->redundancy_s += std::max(0.0, sim::seconds(done.writing_from - began));
}

sim::Task<> Parity::lay(ParityPiece piece, Request request, Countdown& done) {
  const std::int64_t end = piece.offset.count() + piece.size.count();
  for (std::int64_t at = piece.offset.count(); at < end;) {
    const std::int64_t number = at / kRow_B;
    const std::int64_t next = std::min(end, (number + 1) * kRow_B);
    Row* row = cache_.claim(number);
    if (row == nullptr) row = co_await room_for(number, done.await_ready());
    ask(*row, piece.member, next - at == kRow_B, request, done);
    at = next;
  }
}

// Who waits has not submitted what follows: when there is room requests come one after another, not
// all at once. `begins`: nothing of the request is laid yet.
sim::Task<Row*> Parity::room_for(std::int64_t number, bool begins) {
  const sim::Server::Held turn = co_await submissions_.hold();
  const Duration submission = description().costs.request;
  if (begins && submission > Duration::zero()) co_await engine().delay(submission);
  for (;;) {
    if (Row* row = cache_.claim(number)) co_return row;
    kick();
    co_await room_;
  }
}

void Parity::ask(Row& row, int member, bool whole, const Request& request, Countdown& done) {
  RowRequest& asked = row.request;
  if (request.operation == Operation::read) {
    asked.read |= bit(member);
    asked.urgent = true;
  } else {
    asked.written |= bit(member);
    if (whole) asked.whole |= bit(member);
    asked.fua = asked.fua || request.fua;
    const bool more_follow = request.direct && description().delays_direct;
    asked.urgent = asked.urgent || (request.synchronous && !more_follow);
  }
  if (row.waiting.empty() || row.waiting.back() != &done) {
    row.waiting.push_back(&done);
    done.expect();
  }
  if (row.state == Row::State::claimed || row.state == Row::State::delayed ||
      row.state == Row::State::held) {
    row.state = Row::State::queued;
    queued_.push_back(&row);
  }
}

}  // namespace models::storage::raid
