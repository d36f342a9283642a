#include "gui/layout/held_memory.h"

#include <numeric>

namespace palloscope::gui {

std::uint64_t HeldMemory::sum() const { return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0}); }

HeldMemory held_memory(const core::ProcessReported& told, std::uint64_t contexts_total, std::uint64_t contexts_used) {
  HeldMemory held;
  held.resident = told.rss_anon + told.rss_file + told.rss_shmem;
  held.malloc_known = told.malloc_used + told.malloc_free != 0;
  const auto put = [&](HeldPart part, std::uint64_t bytes) { held.bytes[static_cast<std::size_t>(part)] = bytes; };
  put(HeldPart::ContextsUsed, contexts_used);
  put(HeldPart::ContextsFree, contexts_total - contexts_used);
  put(HeldPart::MallocFree, told.malloc_free);
  const std::uint64_t accounted = contexts_total + told.malloc_free;
  if (accounted > told.rss_anon)
    held.untouched = accounted - told.rss_anon;
  else
    put(HeldPart::OtherPrivate, told.rss_anon - accounted);
  put(HeldPart::Program, told.rss_file);
  put(HeldPart::Shared, told.rss_shmem);
  return held;
}

}  // namespace palloscope::gui
