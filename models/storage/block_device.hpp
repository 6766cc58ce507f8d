// The contracts of the storage path: what a stage is asked, and what it asks of others.
//
// A stage (image format, cache, throttle, scheduler's queue, array, disk) is a BlockDevice on top
// of another, so that paths are put together by the composition root and a request's way through
// each of them reads top to bottom as a coroutine. Stages that need a CPU get a Thread, which waits
// until the VMM's scheduler has found it one.
#pragma once

#include "models/storage/waits.hpp"
#include "sim/engine.hpp"
#include "sim/process.hpp"
#include "sim/units.hpp"

namespace models::storage {

enum class Operation {
  read,
  write,
  write_zeroes,  // fallocate: size says how much, no data moves
  flush,  // completed writes are durable when it completes, those of the range if it has a size
};

// Who asks, and where in memory its data goes to or comes from.
struct Origin {
  int stream = 0;          // for schedulers with a queue for each process
  int node = -1;           // of the host; -1: whichever is nearest
  Waits* waits = nullptr;  // of the guest whose data it is; null: nobody asks
};

class Thread;

struct Request {
  Operation operation = Operation::read;
  sim::Bytes offset{};
  sim::Bytes size{};
  bool fua = false;         // a write that is durable when it completes
  bool synchronous = true;  // somebody waits for this one (reads, direct writes, fsync)
  bool direct = false;      // a write past the page cache: more may follow it (no REQ_NOIDLE)
  int stream = 0;           // as in Origin
  int node = -1;            //
  Waits* waits = nullptr;   //
  Thread* by = nullptr;     // in whose system call; null: nobody's, or who pays is settled above
  Origin origin() const { return {stream, node, waits}; }
};

class BlockDevice {
 public:
  virtual ~BlockDevice() = default;
  virtual sim::Engine& engine() = 0;
  virtual sim::Bytes capacity() const = 0;
  // From the request's arrival to its completion. Requires offset + size <= capacity().
  virtual sim::Task<> serve(Request request) = 0;
};

// A thread of the host: its work queues behind what the thread has to do already, and all of it
// waits for a CPU.
class Thread {
 public:
  virtual ~Thread() = default;
  virtual sim::Task<> work(sim::Duration cpu_time) = 0;
};

}  // namespace models::storage
