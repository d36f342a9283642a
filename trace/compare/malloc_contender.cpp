#include "trace/compare/malloc_contender.h"

#include <fmt/format.h>

namespace palloscope::trace {

void MallocContender::create(core::ContextSlot slot, core::ContextSlot parent, const std::string& name) {
  core::ContextCreated event;
  event.context = slot;
  event.parent = parent;
  event.kind = core::ContextKind::Unknown;
  event.name = name;
  sink().emit(event);
}

void MallocContender::start() { create(owner({}), {}, "malloc"); }

// Pages have a header of 16 bytes: they too are drawn from 8 bytes before the chunk on, at their full size, so that a
// realloc may turn one into the other.
FlatContender::Piece MallocContender::allocate(core::ContextSlot context, std::uint64_t bytes, core::ChunkCause cause) {
  Piece piece{.at = take(bytes), .block = blocks_.take(), .chunk = slots_.take()};
  const std::uint64_t taken = mallocs_.extent_of(piece.at)->bytes;
  sink().emit(core::Malloc{piece.block, piece.at - kHeader, taken});
  core::BlockAdded added;
  added.block = piece.block;
  added.context = owner(context);
  added.role = core::BlockRole::External;
  added.header = piece.at - kHeader;
  added.free_start = piece.at;
  added.accounted_bytes = taken;
  sink().emit(added);
  core::ChunkAllocated allocated;
  allocated.chunk = piece.chunk;
  allocated.block = piece.block;
  allocated.at = piece.at;
  allocated.requested_bytes = bytes;
  allocated.granted_bytes = taken - kHeader;
  allocated.origin = core::ChunkOrigin::External;
  allocated.cause = cause;
  sink().emit(allocated);
  return piece;
}

void MallocContender::resize(core::ContextSlot, Piece& piece, std::uint64_t bytes) {
  piece.at = mallocs_.reallocate(piece.at, bytes);
  if (!piece.at) throw Refused{fmt::format("finds no memory for {} bytes", bytes)};
  const std::uint64_t taken = mallocs_.extent_of(piece.at)->bytes;
  sink().emit(core::Realloc{piece.block, piece.at - kHeader, taken});
  sink().emit(core::ChunkResized{piece.chunk, bytes, taken - kHeader});
}

void MallocContender::release(const Piece& piece, core::ChunkCause cause) {
  sink().emit(core::ChunkFreed{piece.chunk, core::ChunkFate::WithBlock, cause});
  give_back(piece);
}

void MallocContender::give_back(const Piece& piece) {
  mallocs_.release(piece.at);
  slots_.give(piece.chunk);
  blocks_.give(piece.block);
  sink().emit(core::Free{piece.block});
}

// The owner loses its chunks at once, then come the calls of free.
void MallocContender::drop(const ProgramCall& call) {
  if (call.kind == CallKind::ResetContext)
    sink().emit(core::ContextReset{owner(call.context)});
  else
    sink().emit(core::ContextDeleted{owner(call.context)});
  for (const core::ChunkSlot slot : call.dropped) give_back(chunk(slot));
}

void MallocContender::structure(const ProgramCall& call) {
  switch (call.kind) {
    case CallKind::StartProcess:
    case CallKind::CreateContext:
      create(owner(call.context), call.other ? owner(call.other) : core::ContextSlot{}, call.created->name);
      break;
    case CallKind::StartErrorContext:
      create(owner(call.context), owner(top_), "ErrorContext");
      break;
    case CallKind::SetParent:
      sink().emit(core::ContextReparented{owner(call.context), call.other ? owner(call.other) : core::ContextSlot{}});
      break;
    case CallKind::SetIdentifier:
      sink().emit(core::ContextIdentSet{owner(call.context), *call.ident});
      break;
    case CallKind::SwitchTo:
      sink().emit(core::ContextSwitched{owner(call.context)});
      break;
    default:
      break;
  }
  if (call.kind == CallKind::StartProcess) top_ = call.context;
}

}  // namespace palloscope::trace
