#include "models/storage/raid/stripe_cache.hpp"

#include <catch2/catch.hpp>

#include "sim/error.hpp"

using namespace models::storage::raid;

TEST_CASE("an idle row is found again until it is needed for another place", "[raid]") {
  StripeCache cache{17};
  Row* first = cache.claim(100);
  CHECK(cache.in_use() == 1);
  CHECK(cache.claim(100) == first);
  cache.release(*first);
  CHECK(cache.find(100) == first);
  for (int i = 0; i < 16; ++i) cache.release(*cache.claim(i));
  CHECK(cache.find(100) == first);
  cache.release(*cache.claim(16));
  CHECK(cache.find(100) == nullptr);
  CHECK(cache.find(0) != nullptr);
}

TEST_CASE("when all rows are in use new ones wait until a quarter is free", "[raid]") {
  StripeCache cache{20};
  std::vector<Row*> rows;
  for (int i = 0; i < 20; ++i) rows.push_back(cache.claim(i));
  CHECK(cache.claim(20) == nullptr);
  CHECK(cache.claim(7) == rows[7]);
  for (std::size_t i = 0; i < 5; ++i) CHECK_FALSE(cache.release(*rows[i]));
  CHECK(cache.claim(20) == nullptr);
  CHECK(cache.release(*rows[5]));
  CHECK(cache.claim(20) != nullptr);
}

TEST_CASE("a stripe cache has at least 17 rows", "[raid]") {
  CHECK_THROWS_AS(StripeCache{16}, sim::ConfigError);
}
