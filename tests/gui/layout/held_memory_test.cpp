#include "gui/layout/held_memory.h"

#include "tests/support/catch.h"

namespace palloscope::gui {
namespace {

TEST_CASE("the parts of what a process holds add up to its resident memory") {
  core::ProcessReported told;
  told.rss_anon = 10'000;
  told.rss_file = 3000;
  told.rss_shmem = 2000;
  told.malloc_used = 6000;
  told.malloc_free = 1000;
  const HeldMemory held = held_memory(told, 5000, 4000);
  CHECK(held.malloc_known);
  CHECK(held[HeldPart::ContextsUsed] == 4000);
  CHECK(held[HeldPart::ContextsFree] == 1000);
  CHECK(held[HeldPart::MallocFree] == 1000);
  CHECK(held[HeldPart::OtherPrivate] == 4000);
  CHECK(held[HeldPart::Program] == 3000);
  CHECK(held[HeldPart::Shared] == 2000);
  CHECK(held.untouched == 0);
  CHECK(held.sum() == held.resident);
}

TEST_CASE("memory that no page stands behind is told apart, and nothing is left for the rest") {
  core::ProcessReported told;
  told.rss_anon = 3000;
  const HeldMemory held = held_memory(told, 8000, 1000);
  CHECK_FALSE(held.malloc_known);
  CHECK(held.untouched == 5000);
  CHECK(held[HeldPart::OtherPrivate] == 0);
  CHECK(held.sum() == held.resident + held.untouched);
}

}  // namespace
}  // namespace palloscope::gui
