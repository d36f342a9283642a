#include "core/mcxt/memory_checking.h"

#include <fmt/format.h>

#include "core/mcxt/process_core.h"

namespace palloscope::core {
namespace {

constexpr std::uint8_t kSentinel = 0x7E, kWiped = 0x7F;

}  // namespace

void assert_that(const ProcessCore& core, bool holds, std::string_view condition, std::string_view file, Address at) {
  if (holds || !core.profile.checking) return;
  throw Crash{"SIGABRT",
              core.profile.checks.newer_trap_text
                  ? fmt::format("TRAP: failed Assert(\"{}\"), File: \"{}\"", condition, file)
                  : fmt::format("TRAP: FailedAssertion(\"{}\", File: \"{}\")", condition, file),
              at};
}

MemoryChecking::MemoryChecking(ProcessCore& core)
    : core_(core), rules_(core.profile.checks), on_(core.profile.checking) {}

// --- requested_size and sentinel --------------------------------------------------------------------------------

void MemoryChecking::mark_used(const Chunk& chunk, std::uint64_t requested_bytes) {
  if (chunk.requested.exists()) core_.store(chunk.header, chunk.requested, requested_bytes);
  if (requested_bytes < chunk.bytes) core_.store(chunk.pointer + requested_bytes, 1, kSentinel);
}

void MemoryChecking::mark_free(const Chunk& chunk) {
  if (chunk.requested.exists()) core_.store(chunk.header, chunk.requested, rules_.free_requested);
}

std::uint64_t MemoryChecking::requested_bytes(const Chunk& chunk) const {
  return core_.load(chunk.header, chunk.requested);
}

bool MemoryChecking::sentinel_is_whole(const Chunk& chunk, std::uint64_t requested_bytes) const {
  return requested_bytes >= chunk.bytes || core_.load(chunk.pointer + requested_bytes, 1) == kSentinel;
}

void MemoryChecking::refuse_freed(Address context, const Chunk& chunk, Use use) {
  if (!rules_.detects_freed_chunks || !is_free(requested_bytes(chunk))) return;
  const char* what = use == Use::Free ? "double pfree" : "realloc of freed chunk";
  throw Ereport{"XX000", fmt::format("detected {} in {} {:#x}", what, name_of(context), chunk.header.value), "",
                context};
}

void MemoryChecking::warn_if_overwritten(Address context, const Chunk& chunk, std::uint64_t requested_bytes) {
  if (sentinel_is_whole(chunk, requested_bytes)) return;
  warn(context, fmt::format("detected write past chunk end in {} {:#x}", name_of(context), chunk.header.value));
}

// --- wiped memory -----------------------------------------------------------------------------------------------

void MemoryChecking::wipe(Address at, std::uint64_t bytes) { core_.fill(at, kWiped, bytes); }

void MemoryChecking::wipe_region(Address region, Address from, std::uint64_t bytes) {
  if (!core_.mallocs.has_own_pages(region)) core_.fill(from, kWiped, bytes);
}

Address MemoryChecking::next_chunk(Address chunk, std::uint64_t bytes) const {
  Address next = chunk + bytes;
  if (next <= chunk)
    throw Crash{"SIGABRT", "the check of a block goes round: the size of a chunk was overwritten", chunk};
  return next;
}

// --- words ------------------------------------------------------------------------------------------------------

void MemoryChecking::warn(Address context, const std::string& message) {
  core_.emit(ErrorReported{Severity::Warning, core_.slot_of(context), "01000", message, ""});
}

std::string MemoryChecking::name_of(Address context) const {
  return core_.load_string(core_.load_pointer(context, core_.profile.context.name));
}

}  // namespace palloscope::core
