#include "trace/analysis/shmem_pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace palloscope::trace {

std::string purpose_behind(std::string_view name) {
  if (name.empty()) return "header, semaphores, lightweight locks, ShmemIndex";
  if (name == "Proc Header") return "Proc Header: PGPROC structures";
  if (name == "PredXactList") return "PredXactList: transactions";
  if (name == "RWConflictPool") return "RWConflictPool: conflicts";
  const std::string_view ending = name.substr(name.size() - std::min<std::size_t>(name.size(), 4));
  if (ending == "hash" || name.find(" hash ") != std::string_view::npos || name == "Shared Buffer Lookup Table")
    return fmt::format("{}: buckets and entries", name);
  return fmt::format("{}: what follows it", name);
}

bool ShmemPieces::add(core::ShmemAllocated named) {
  if (named.offset < end_ || named.allocated_bytes > ~std::uint64_t{0} - named.offset) return false;
  fill_to(named.offset);
  end_ = named.offset + named.allocated_bytes;
  last_name_ = named.name;
  pieces_.push_back(std::move(named));
  return true;
}

void ShmemPieces::fill_to(std::uint64_t offset) {
  if (offset <= end_) return;
  const std::uint64_t bytes = offset - end_;
  pieces_.push_back({{}, end_, bytes, bytes, {}, purpose_behind(last_name_)});
  anonymous_bytes_ += bytes;
  end_ = offset;
}

bool ShmemEvents::emit(std::uint64_t bytes, const std::vector<core::ShmemAllocated>& pieces, core::Address at) {
  if (is_shown_ && is_same_ && bytes == bytes_ && pieces == pieces_) return false;
  const core::SegmentSlot segment{0};
  if (is_shown_) sink_.emit(core::SegmentDestroyed{segment});
  core::SegmentCreated created;
  created.segment = segment;
  created.at = at;
  created.bytes = bytes;
  sink_.emit(std::move(created));
  for (core::ShmemAllocated piece : pieces) {
    piece.segment = segment;
    sink_.emit(std::move(piece));
  }
  is_shown_ = is_same_ = true;
  bytes_ = bytes;
  pieces_ = pieces;
  return true;
}

}  // namespace palloscope::trace
