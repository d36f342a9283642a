#include "trace/compare/flat_contender.h"

#include <fmt/format.h>

namespace palloscope::trace {
namespace {

core::StreamDescription describe(const ContenderSpec& spec, const ContenderSetting& setting) {
  core::StreamDescription description = setting.recorded;
  description.pg_major = 17;  // none of PostgreSQL's; its chunk headers have 8 bytes, as the pool's
  description.checking = false;
  description.title = to_string(spec);
  return description;
}

}  // namespace

FlatContender::FlatContender(const ContenderSpec& spec, const ContenderSetting& setting)
    : Contender(spec, describe(spec, setting), {core::find_profile(17, false), spec.kind == ContenderKind::Malloc}) {}

core::Address FlatContender::take(std::uint64_t bytes) {
  const core::Address at = mallocs_.allocate(bytes);
  if (!at) throw Refused{fmt::format("finds no memory for {} bytes", bytes)};
  return at;
}

FlatContender::Piece& FlatContender::at(std::vector<Piece>& pieces, std::uint32_t slot) {
  if (slot >= pieces.size()) pieces.resize(std::size_t{slot} + 1);
  return pieces[slot];
}

void FlatContender::drop(const ProgramCall& call) {
  for (const core::ChunkSlot slot : call.dropped) release(chunk(slot), core::ChunkCause::Pfree);
}

void FlatContender::carry_out(const ProgramCall& call) {
  if (!started_) start();
  started_ = true;
  if (call.bytes > core::kMaxAllocHugeSize) throw Refused{fmt::format("finds no memory for {} bytes", call.bytes)};
  switch (call.kind) {
    case CallKind::DeleteContext:
    case CallKind::ResetContext:
      drop(call);
      break;
    case CallKind::Palloc:
      at(chunks_, call.chunk.value) = allocate(call.context, call.bytes, core::ChunkCause::Palloc);
      break;
    case CallKind::Repalloc: {
      Piece piece = chunk(call.old_chunk);
      resize(call.context, piece, call.bytes);
      at(chunks_, call.chunk.value) = piece;
      break;
    }
    case CallKind::Pfree:
      release(chunk(call.chunk), core::ChunkCause::Pfree);
      break;
    case CallKind::Malloc:
      at(own_, call.region.value) = allocate({}, call.bytes, core::ChunkCause::Palloc);
      break;
    case CallKind::Realloc:
      resize({}, own_[call.region.value], call.bytes);
      break;
    case CallKind::Free:
      release(own_[call.region.value], core::ChunkCause::Pfree);
      break;
    case CallKind::FailedPalloc:
      break;  // the recording got nothing either
    default:
      structure(call);
  }
}

}  // namespace palloscope::trace
