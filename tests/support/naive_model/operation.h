// One call of PostgreSQL's memory functions as data, and what came of it: what the naive model and a simulated process
// are asked in turn, and what is compared. The fields are those of golden files (spec 15.2), so every list of
// operations can be written down as one (golden_json.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/events/event.h"

namespace palloscope::test {

enum class OperationKind {
  Create,
  Alloc,
  AllocAligned,
  Free,
  Realloc,
  Reset,
  ResetOnly,
  ResetChildren,
  Delete,
  DeleteChildren,
  SetParent,
  SetIdent,
  AllowInCrit,
  RegisterCallback,
  MallocFail,
};

struct Operation {
  OperationKind kind = OperationKind::Alloc;
  int context = 0;  // number; -1: TopMemoryContext (as a parent)
  int parent = -1;
  core::ContextKind context_kind = core::ContextKind::AllocSet;
  std::uint64_t min = 0, init = 0, max = 0;  // Slab: chunk size, block size
  std::string text;                          // name or ident
  bool on = false;                           // SetIdent: there is one; AllowInCrit: allowed
  int chunk = 0;                             // number
  std::uint64_t size = 0, align = 0;         // MallocFail: the size that fails
  int flags = 0;
  std::uint32_t callback = 0;
};

// A byte of a malloc'ed region. Regions are numbered in malloc order; those of the start have negative numbers.
struct Place {
  std::int64_t block = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

struct MallocCall {
  enum Kind { Malloc, Free, Realloc, MallocFailed, ReallocFailed } kind = Malloc;
  std::int64_t block = -1;
  std::uint64_t bytes = 0;
  friend bool operator==(const MallocCall&, const MallocCall&) = default;
};

struct Outcome {
  std::string error;  // "message" or "message | detail"; empty: none
  bool returned_null = false;
  std::optional<Place> at;             // of the chunk that was returned
  std::optional<std::uint64_t> space;  // GetMemoryChunkSpace; none for Bump
  std::optional<std::uint64_t>
      word;  // 16+: the 8 bytes before the payload; 15: the size word; none where there is none
  std::vector<MallocCall> calls;
  std::vector<std::uint32_t> callbacks;
  std::string output;  // lines with newlines
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::string to_text(const Outcome& outcome);

}  // namespace palloscope::test
