#include "core/walk/layout_probe.h"

#include "core/walk/process_source.h"
#include "tests/support/catch.h"
#include "tests/support/random_operations.h"
#include "tests/support/simulated_process.h"

namespace palloscope::core {
namespace {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("version and build are found out from the bytes of a heap") {
  for (int major = 15; major <= 18; ++major) {
    for (bool checking : {false, true}) {
      INFO(major << (checking ? " checking" : ""));
      test::SimulatedProcess simulated(major, checking);
      test::RandomOperations operations(simulated.process, 7);
      const ProcessSource source(simulated.process);
      const Address top = simulated.process.top_memory_context();
      for (int i = 0; i < 600; ++i) {
        operations.operate();
        if (i % 20 != 0) continue;
        auto probed = probe_layout(source, top);
        REQUIRE(probed);
        CHECK(probed->major == major);
        // While nothing was allocated anywhere, both builds' bytes are the same.
        const bool told = !simulated.is_reset(top) || i > 100;
        if (told) CHECK(probed->checking == checking);
      }
    }
  }
}

TEST_CASE("a context whose node tag is none is refused with the number that was seen") {
  test::SimulatedProcess simulated(17);
  const Address top = simulated.process.top_memory_context();
  const Field tag{0, 4};
  const auto refused = [&](std::uint64_t number) {
    simulated.poke(top, tag, number);
    auto probed = probe_layout(ProcessSource(simulated.process), top);
    REQUIRE(!probed);
    CHECK(probed.error().code == ErrorCode::Unsupported);
    CHECK_THAT(probed.error().message, ContainsSubstring("node tag " + std::to_string(number)));
    return probed.error().message;
  };
  CHECK_THAT(refused(222), ContainsSubstring("PostgreSQL 14 is too old"));
  CHECK_THAT(refused(217), ContainsSubstring("PostgreSQL 13 is too old"));
  CHECK_THAT(refused(12345), ContainsSubstring("no memory context"));
}

TEST_CASE("a heap that fits neither build says why") {
  test::SimulatedProcess simulated(16);
  const Address top = simulated.process.top_memory_context();
  const Address chunk = simulated.process.memory_context_alloc(top, 40);
  simulated.poke(chunk - 8, {0, 8}, 0x123456789abcdef0);
  auto probed = probe_layout(ProcessSource(simulated.process), top);
  REQUIRE(!probed);
  CHECK(probed.error().code == ErrorCode::BadFormat);
  CHECK_THAT(probed.error().message, ContainsSubstring("fit neither a production build"));
}

TEST_CASE("an address where nothing lies is told") {
  test::SimulatedProcess simulated(16);
  auto probed = probe_layout(ProcessSource(simulated.process), {0x10});
  REQUIRE(!probed);
  CHECK(probed.error().code == ErrorCode::NotFound);
}

}  // namespace
}  // namespace palloscope::core
