#include "core/mcxt/fault_watch.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/allocators/allocator.h"
#include "core/memory/address_space.h"

namespace palloscope::core {
namespace {

FaultKind use_after(ShadowLife::End end, FaultKind when_freed) {
  if (end == ShadowLife::End::Reset) return FaultKind::UseAfterReset;
  if (end == ShadowLife::End::Deleted) return FaultKind::UseAfterDelete;
  return when_freed;
}

}  // namespace

// --- telling --------------------------------------------------------------------------------------------------

void FaultWatch::emit(const EventBody& event) {
  if (const auto* error = std::get_if<ErrorReported>(&event)) found_by_checks(*error);
  out_.emit(event);
  // A sink that does not count leaves that to us.
  EventNumber counted = out_.last_event();
  number_ = counted != 0 ? counted : number_ + 1;
  after(event);
}

void FaultWatch::after(const EventBody& event) {
  const EventNumber number = number_;
  ShadowEffect effect = shadow_.apply(event, number);
  if (effect.began != 0) remember_header(effect.began);
  if (effect.resized != 0) remember_header(effect.resized);
  if (effect.began != 0 && resizing_ != 0 && !stored_.empty())
    move_stored(*shadow_.find(resizing_), *shadow_.find(effect.began));
  // The allocator was led astray by bytes that a mistake had trampled.
  if (effect.handed_twice != 0) {
    const ShadowLife* other = shadow_.find(effect.handed_twice);
    report(FaultKind::HeapCorrupt, shadow_.find(effect.began)->at, 0, other);
  } else if (effect.unknown_chunk) {
    report(FaultKind::HeapCorrupt, shadow_.find(effect.began)->at, 0, shadow_.find(effect.began));
  }
  if (effect.lost != 0) {
    const ShadowLife* life = shadow_.find(effect.lost);
    report(FaultKind::HeapCorrupt, life->at, life->requested_bytes, life);
  }

  if (std::holds_alternative<MallocFailed>(event) || std::holds_alternative<ReallocFailed>(event)) {
    malloc_failed_ = true;
    if (const auto* failed = std::get_if<MallocFailed>(&event); failed && operation_ == Operation::Create)
      report_request(FaultKind::OutOfMemory, {}, failed->bytes);
  } else if (const auto* refused = std::get_if<AllocationFailed>(&event);
             refused && malloc_failed_ && operation_ == Operation::Alloc) {
    report_request(FaultKind::OutOfMemory, refused->context, refused->requested_bytes);
  }
}

void FaultWatch::report(FaultKind kind, Address at, std::uint64_t bytes, const ShadowLife* life) {
  FaultFound fault;
  fault.kind = kind;
  fault.at = at;
  fault.bytes = bytes;
  if (life) {
    const ShadowMemory::Context* owner = shadow_.context(life->context);
    if (owner && owner->born == life->context_born) fault.context = life->context;
    fault.chunk = life->chunk;
    fault.born = life->born;
    fault.ended = life->ended;
  }
  emit(fault);
}

void FaultWatch::report_request(FaultKind kind, ContextSlot context, std::uint64_t bytes) {
  FaultFound fault;
  fault.kind = kind;
  fault.bytes = bytes;
  fault.context = context;
  emit(fault);
}

// MEMORY_CONTEXT_CHECKING's own warnings name the chunk (its header), or the block alone (spec 13).
void FaultWatch::found_by_checks(const ErrorReported& warning) {
  std::string_view text = warning.message;
  if (warning.severity != Severity::Warning ||
      (text.substr(0, 11) != "problem in " && text.substr(0, 30) != "detected write past chunk end "))
    return;
  Address at;
  std::size_t digits = text.find("chunk 0x");
  digits = digits == std::string_view::npos ? text.rfind("0x") : digits + 6;
  if (digits != std::string_view::npos) at.value = std::strtoull(std::string(text.substr(digits)).c_str(), nullptr, 16);
  const ShadowLife* life = shadow_.covering(at);
  report_corrupt(at, 0, life && life->live() ? life : nullptr);
}

// One trampled header makes the checks warn many times, and again at each look: a chunk is told once, and what names no
// chunk only where no chunk explains it.
void FaultWatch::report_corrupt(Address at, std::uint64_t bytes, const ShadowLife* life) {
  const bool explained = corrupt_explained_;
  corrupt_explained_ = true;
  if (life ? corrupt_.insert(life->born).second : !explained) report(FaultKind::HeapCorrupt, at, bytes, life);
}

// --- contexts -------------------------------------------------------------------------------------------------

void FaultWatch::begin(Operation operation) {
  operation_ = operation;
  resizing_ = 0;
  malloc_failed_ = false;
  corrupt_explained_ = false;
}

void FaultWatch::use_context(Address context) {
  begin(Operation::Other);
  const ShadowMemory::Context* known = shadow_.context_at(context);
  if (!known || known->ended == 0) return;
  FaultFound fault;
  fault.kind = FaultKind::UseAfterDelete;
  fault.at = context;
  fault.born = known->born;
  fault.ended = known->ended;
  emit(fault);
}

void FaultWatch::create(Address parent, bool in_critical_section) {
  use_context(parent);
  operation_ = Operation::Create;
  if (in_critical_section) report_request(FaultKind::InCriticalSection, shadow_.slot_at(parent), 0);
}

void FaultWatch::other() { begin(Operation::Other); }

// --- pointers in memory ---------------------------------------------------------------------------------------

void FaultWatch::note_stored(Address at, Address pointer, EventNumber born) {
  forget_stored(at, 8);
  const ShadowLife* target = shadow_.find(born);
  const ShadowLife* holder = shadow_.covering(at);
  if (target && holder && target->live() && holder->live()) stored_[at.value] = {pointer, born, holder->born, false};
}

EventNumber FaultWatch::stored_at(Address at, Address pointer) const {
  auto found = stored_.find(at.value);
  return found != stored_.end() && found->second.pointer == pointer ? found->second.target : 0;
}

void FaultWatch::forget_stored(Address at, std::uint64_t bytes) {
  auto from = stored_.lower_bound(at.value < 7 ? 0 : at.value - 7);
  while (from != stored_.end() && from->first < at.value + bytes) from = stored_.erase(from);
}

// repalloc copied what stood in the chunk.
void FaultWatch::move_stored(const ShadowLife& from, const ShadowLife& to) {
  std::map<std::uint64_t, Stored> moved;
  auto stored = stored_.lower_bound(from.at.value);
  while (stored != stored_.end() && from.holds({stored->first}, 8)) {
    if (stored->second.holder == from.born)
      moved[to.at.value + (stored->first - from.at.value)] = {stored->second.pointer, stored->second.target, to.born,
                                                              false};
    ++stored;
  }
  stored_.insert(moved.begin(), moved.end());
}

void FaultWatch::ended() {
  for (auto entry = stored_.begin(); entry != stored_.end();) {
    Stored& stored = entry->second;
    const ShadowLife* holder = shadow_.find(stored.holder);
    const ShadowLife* target = shadow_.find(stored.target);
    if (!holder || !holder->live() || !target) {
      entry = stored_.erase(entry);
      continue;
    }
    // What was pfree'd has no context to blame; its use is told when it comes to it.
    const bool gone = target->end == ShadowLife::End::Reset || target->end == ShadowLife::End::Deleted;
    if (gone && !stored.told && space_->load({entry->first}, 8) == stored.pointer.value) {
      stored.told = true;
      report(FaultKind::WrongContext, stored.pointer, 0, target);
    }
    ++entry;
  }
}

void FaultWatch::free_own(Address pointer) {
  begin(Operation::Other);
  const ShadowLife* life = take_source(pointer);
  if (!life) life = shadow_.covering(pointer);
  bool twice = life && life->at == pointer && !life->chunk && !life->live();
  report(twice ? FaultKind::DoubleFree : FaultKind::InvalidPointer, pointer, 0, life);
}

// --- palloc ---------------------------------------------------------------------------------------------------

void FaultWatch::check_size(Address context, std::uint64_t bytes, int flags) {
  if (bytes > ((flags & kMcxtAllocHuge) != 0 ? kMaxAllocHugeSize : kMaxAllocSize))
    report_request(FaultKind::TooLarge, shadow_.slot_at(context), bytes);
}

void FaultWatch::alloc(Address context, std::uint64_t bytes, int flags, bool in_critical_section) {
  use_context(context);
  operation_ = (flags & kMcxtAllocNoOom) != 0 ? Operation::AllocOrNull : Operation::Alloc;
  const ShadowMemory::Context* known = shadow_.context(shadow_.slot_at(context));
  if (in_critical_section && known && !known->allow_in_crit_section)
    report_request(FaultKind::InCriticalSection, shadow_.slot_at(context), bytes);
  check_size(context, bytes, flags);
}

void FaultWatch::handed_out(Address pointer, std::uint64_t bytes) {
  resizing_ = 0;
  if (pointer) shadow_.narrow_to(pointer, bytes);
}

EventNumber FaultWatch::born_at(Address pointer) const {
  const ShadowLife* life = shadow_.beginning_at(pointer);
  return life && life->live() ? life->born : 0;
}

// --- pointers -------------------------------------------------------------------------------------------------

const ShadowLife* FaultWatch::take_source(Address pointer) {
  Source source = source_;
  source_ = {};
  return source.born != 0 && source.pointer == pointer ? shadow_.find(source.born) : nullptr;
}

void FaultWatch::check_pointer(Address pointer, FaultKind when_freed) {
  const ShadowLife* life = take_source(pointer);
  if (!life || life->at != pointer) {
    if (const ShadowLife* here = shadow_.beginning_at(pointer))
      life = here;
    else if (!life)
      life = shadow_.covering(pointer);
  }
  if (life && life->end == ShadowLife::End::Lost) return;  // told when it was lost
  if (life && life->at == pointer && life->chunk) {
    if (!life->live()) return report(use_after(life->end, when_freed), pointer, 0, life);
    if (life->kind == ContextKind::Bump) return report(FaultKind::FreeInBump, pointer, 0, life);
    return check_header(*life);
  }
  const ShadowMemory::Context* owner = shadow_.context(shadow_.context_of_region_with(pointer));
  if (owner && owner->kind == ContextKind::Bump) return report(FaultKind::FreeInBump, pointer, 0, life);
  if (life && !life->live()) return report(use_after(life->end, FaultKind::UseAfterFree), pointer, 0, life);
  report(FaultKind::InvalidPointer, pointer, 0, life);
}

void FaultWatch::free(Address pointer) {
  begin(Operation::Other);
  check_pointer(pointer, FaultKind::DoubleFree);
}

void FaultWatch::realloc(Address pointer, std::uint64_t bytes, int flags, bool in_critical_section) {
  begin(Operation::Other);
  check_pointer(pointer, FaultKind::UseAfterFree);
  const ShadowLife* life = shadow_.beginning_at(pointer);
  const ShadowMemory::Context* owner = life && life->live() ? shadow_.context(life->context) : nullptr;
  resizing_ = owner ? life->born : 0;
  Address context = owner ? owner->at : Address{};
  operation_ = (flags & kMcxtAllocNoOom) != 0 ? Operation::AllocOrNull : Operation::Alloc;
  if (in_critical_section && owner && !owner->allow_in_crit_section)
    report_request(FaultKind::InCriticalSection, shadow_.slot_at(context), bytes);
  check_size(context, bytes, flags);
}

void FaultWatch::ask_about(Address pointer) {
  begin(Operation::Other);
  check_pointer(pointer, FaultKind::UseAfterFree);
}

// --- the words in front of a chunk ----------------------------------------------------------------------------

// The word next to the payload tells the owner in every version; the first one of a longer header its size (15). In
// between a checking build keeps what was requested.
void FaultWatch::remember_header(EventNumber born) {
  ShadowLife* life = shadow_.find(born);
  if (!life || !space_ || life->header_bytes < 8 || life->header_bytes > 32) return;
  life->last_word = space_->load(life->at - 8, 8);
  if (!profile_.chunk_header.packed) life->first_word = space_->load(life->at - life->header_bytes, 8);
}

void FaultWatch::check_header(const ShadowLife& life) {
  if (life.first_word && space_->load(life.at - life.header_bytes, 8) != life.first_word)
    return report_corrupt(life.at - life.header_bytes, 8, &life);
  if (life.last_word && space_->load(life.at - 8, 8) != life.last_word) report_corrupt(life.at - 8, 8, &life);
}

// --- bytes ----------------------------------------------------------------------------------------------------

void FaultWatch::check_range(Access access, Address at, std::uint64_t bytes, const ShadowLife& life) {
  if (life.end == ShadowLife::End::Lost) return;
  if (!life.live()) return report(use_after(life.end, FaultKind::UseAfterFree), at, bytes, &life);
  if (life.holds(at, bytes)) return;
  Address end = life.at + life.requested_bytes;
  Address from = at < life.at ? at : std::max(at, end);
  std::uint64_t outside = at < life.at ? std::min(bytes, life.at - at) : at + bytes - from;
  report(access == Access::Write ? FaultKind::WritePastEnd : FaultKind::ReadPastEnd, from, outside, &life);
}

// Shared memory has no owner that could be asked; core/shmem keeps its segments in this part of the address space.
static bool in_shared_memory(Address at) { return at.value >= 0x7a00'0000'0000 && at.value < 0x7d00'0000'0000; }

void FaultWatch::access(Access access, Address at, std::uint64_t bytes) {
  begin(Operation::Other);
  if (bytes == 0) return;
  if (access == Access::Write && !stored_.empty()) forget_stored(at, bytes);
  Address pointer = source_.pointer;
  if (const ShadowLife* meant = take_source(pointer)) return check_range(access, at, bytes, *meant);
  const ShadowLife* life = shadow_.covering(at);
  if (!life && in_shared_memory(at) && space_ && space_->is_mapped(at, bytes)) return;
  if (!life) life = shadow_.nearest_before(at);
  if (life) return check_range(access, at, bytes, *life);
  report(FaultKind::InvalidPointer, at, bytes, nullptr);
}

}  // namespace palloscope::core
