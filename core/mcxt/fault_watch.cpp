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
      report(FaultKind::OutOfMemory, {}, failed->bytes, nullptr);
  } else if (const auto* refused = std::get_if<AllocationFailed>(&event);
             refused && malloc_failed_ && operation_ == Operation::Alloc) {
    FaultFound fault;
    fault.kind = FaultKind::OutOfMemory;
    fault.bytes = refused->requested_bytes;
    fault.context = refused->context;
    emit(fault);
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

void FaultWatch::report_context(FaultKind kind, Address context, std::uint64_t bytes) {
  FaultFound fault;
  fault.kind = kind;
  fault.at = context;
  fault.bytes = bytes;
  fault.context = shadow_.slot_at(context);
  if (const ShadowMemory::Context* known = shadow_.context_at(context)) {
    fault.born = known->born;
    fault.ended = known->ended;
  }
  emit(fault);
}

// MEMORY_CONTEXT_CHECKING's own warnings name the place last: "... in block %p, chunk %p" (spec 13).
void FaultWatch::found_by_checks(const ErrorReported& warning) {
  std::string_view text = warning.message;
  if (warning.severity != Severity::Warning ||
      (text.substr(0, 11) != "problem in " && text.substr(0, 30) != "detected write past chunk end "))
    return;
  Address at;
  std::size_t digits = text.rfind("0x");
  if (digits != std::string_view::npos) at.value = std::strtoull(std::string(text.substr(digits)).c_str(), nullptr, 16);
  const ShadowLife* life = shadow_.covering(at);
  report(FaultKind::HeapCorrupt, at, 0, life && life->live() ? life : nullptr);
}

// --- contexts -------------------------------------------------------------------------------------------------

void FaultWatch::use_context(Address context) {
  operation_ = Operation::Other;
  const ShadowMemory::Context* known = shadow_.context_at(context);
  if (known && known->ended != 0) report_context(FaultKind::UseAfterDelete, context, 0);
}

void FaultWatch::create(Address parent, bool in_critical_section) {
  use_context(parent);
  operation_ = Operation::Create;
  malloc_failed_ = false;
  if (in_critical_section) report_context(FaultKind::InCriticalSection, parent, 0);
}

void FaultWatch::other() { operation_ = Operation::Other; }

// --- palloc ---------------------------------------------------------------------------------------------------

void FaultWatch::check_size(Address context, std::uint64_t bytes, int flags) {
  if (bytes > ((flags & kMcxtAllocHuge) != 0 ? kMaxAllocHugeSize : kMaxAllocSize))
    report_context(FaultKind::TooLarge, context, bytes);
}

void FaultWatch::alloc(Address context, std::uint64_t bytes, int flags, bool in_critical_section) {
  use_context(context);
  operation_ = (flags & kMcxtAllocNoOom) != 0 ? Operation::AllocOrNull : Operation::Alloc;
  malloc_failed_ = false;
  const ShadowMemory::Context* known = shadow_.context(shadow_.slot_at(context));
  if (in_critical_section && known && !known->allow_in_crit_section)
    report_context(FaultKind::InCriticalSection, context, bytes);
  check_size(context, bytes, flags);
}

void FaultWatch::handed_out(Address pointer, std::uint64_t bytes) {
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
  operation_ = Operation::Other;
  check_pointer(pointer, FaultKind::DoubleFree);
}

void FaultWatch::realloc(Address pointer, std::uint64_t bytes, int flags, bool in_critical_section) {
  check_pointer(pointer, FaultKind::UseAfterFree);
  const ShadowLife* life = shadow_.beginning_at(pointer);
  const ShadowMemory::Context* owner = life && life->live() ? shadow_.context(life->context) : nullptr;
  Address context = owner ? owner->at : Address{};
  operation_ = (flags & kMcxtAllocNoOom) != 0 ? Operation::AllocOrNull : Operation::Alloc;
  malloc_failed_ = false;
  if (in_critical_section && owner && !owner->allow_in_crit_section)
    report_context(FaultKind::InCriticalSection, context, bytes);
  check_size(context, bytes, flags);
}

void FaultWatch::ask_about(Address pointer) {
  operation_ = Operation::Other;
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
    return report(FaultKind::HeapCorrupt, life.at - life.header_bytes, 8, &life);
  if (life.last_word && space_->load(life.at - 8, 8) != life.last_word)
    report(FaultKind::HeapCorrupt, life.at - 8, 8, &life);
}

// --- bytes ----------------------------------------------------------------------------------------------------

void FaultWatch::check_range(Access access, Address at, std::uint64_t bytes, const ShadowLife& life) {
  if (!life.live()) return report(use_after(life.end, FaultKind::UseAfterFree), at, bytes, &life);
  if (life.holds(at, bytes)) return;
  Address end = life.at + life.requested_bytes;
  Address from = at < life.at ? at : std::max(at, end);
  std::uint64_t outside = at < life.at ? std::min(bytes, life.at - at) : at + bytes - from;
  report(access == Access::Write ? FaultKind::WritePastEnd : FaultKind::ReadPastEnd, from, outside, &life);
}

void FaultWatch::access(Access access, Address at, std::uint64_t bytes) {
  operation_ = Operation::Other;
  if (bytes == 0) return;
  Address pointer = source_.pointer;
  if (const ShadowLife* meant = take_source(pointer)) return check_range(access, at, bytes, *meant);
  const ShadowLife* life = shadow_.covering(at);
  if (!life && shadow_.context_of_region_with(at)) life = shadow_.nearest_before(at);
  if (life) return check_range(access, at, bytes, *life);
  report(FaultKind::InvalidPointer, at, bytes, nullptr);
}

}  // namespace palloscope::core
