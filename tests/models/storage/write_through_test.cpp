#include "models/storage/write_through.hpp"

#include <catch2/catch.hpp>

#include "tests/models/storage/fake_device.hpp"

using namespace models::storage;
using namespace sim::literals;

TEST_CASE("each write ends with a flush, and nothing else does") {
  sim::Engine engine;
  tests::FakeDevice device{engine, 100_us, 1_GiB};
  WriteThrough through{device};
  Waits waits;
  CHECK(through.capacity() == 1_GiB);
  const Request write{
      .operation = Operation::write, .offset = 1_MiB, .size = 4_KiB, .waits = &waits};
  CHECK(tests::run(engine, through.serve(write)) == sim::kStart + 200_us);
  REQUIRE(device.requests.size() == 2);
  CHECK(device.requests[0].offset == 1_MiB);
  CHECK(device.requests[1].operation == Operation::flush);
  CHECK(device.requests[1].size == sim::Bytes{});
  CHECK(device.requests[1].waits == &waits);
  tests::run(engine, through.serve({.size = 4_KiB}));
  tests::run(engine, through.serve({.operation = Operation::flush}));
  CHECK(device.served == 4);
}
