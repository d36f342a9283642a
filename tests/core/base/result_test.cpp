// Result: holds a value or an error, never both.
#include "core/base/result.h"

#include "tests/support/catch.h"

using namespace palloscope::core;

TEST_CASE("a result made from a value holds it") {
  Result<int> result = 7;
  REQUIRE(result);
  CHECK(*result == 7);
}

TEST_CASE("a result made from an error holds the error") {
  Result<int> result = Error{ErrorCode::NotFound, "no such thing"};
  REQUIRE_FALSE(result);
  CHECK(result.error() == Error{ErrorCode::NotFound, "no such thing"});
}

TEST_CASE("a value can be moved out of a result") {
  Result<std::string> result = std::string("moved");
  std::string taken = std::move(*result);
  CHECK(taken == "moved");
}
