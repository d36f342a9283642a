// What the cards around private memory have in common: names of backends, buffers and pages; labels of effects.
#include <fmt/format.h>

#include "trace/explain/card_maker.h"
#include "trace/explain/server_call.h"
#include "trace/exporters/printable.h"
#include "trace/exporters/server_text.h"

namespace palloscope::trace {

using namespace core;
using namespace core::buffer_bits;

const PoolRecord* CardMaker::pool() const {
  if (now().pool) return &*now().pool;
  return was().pool ? &*was().pool : nullptr;
}

bool CardMaker::is_local() const { return pool() != nullptr && pool()->backend; }

NamedValue CardMaker::backend() const {
  for (const std::string* name : {&now().backend, &was().backend, &now().acting, &was().acting})
    if (!name->empty()) return text_value("backend", *name);
  return key_value("backend", "why.act.someone");
}

NamedValue CardMaker::buffer(std::string_view name, BufferSlot slot) const {
  const std::uint32_t first = pool() == nullptr ? 0 : pool()->first.value;
  const std::int64_t number = std::int64_t{slot.value} - first + 1;
  return text_value(name, std::to_string(is_local() ? -number : number));
}

NamedValue CardMaker::buffer(BufferSlot slot) const { return buffer("buffer", slot); }

bool CardMaker::has_page() const {
  return (was().buffer && was().buffer->has_page()) || (now().buffer && now().buffer->has_page());
}

NamedValue CardMaker::page() const {
  const ServerDetails& moment = was().buffer && was().buffer->has_page() ? was() : now();
  return page_value("page", moment.held_relation, moment.buffer ? moment.buffer->tag.block : 0);
}

NamedValue CardMaker::requested_page() const {
  const std::string& relation = now().relation.empty() ? was().relation : now().relation;
  const auto* request = call.find<PageRequested>();
  return page_value("page", relation, request == nullptr ? 0 : request->tag.block);
}

NamedValue CardMaker::segment() const {
  const auto& segment = now().segment ? now().segment : was().segment;
  if (!segment) return key_value("segment", "why.shm.a_segment");
  if (segment->name.empty()) return key_value("segment", segment_kind_key(segment->kind));
  return text_value("segment", printable_start(segment->name, 64));
}

NamedValue CardMaker::operation() const {
  const auto& operation = now().operation ? now().operation : was().operation;
  if (!operation) return key_value("operation", "why.op.an_operation");
  if (operation->name.empty()) return key_value("operation", operation_kind_key(operation->kind));
  return text_value("operation", printable_start(operation->name, 64));
}

NamedValue lsn_value(std::string_view name, std::uint64_t lsn) {
  return text_value(name, fmt::format("{:X}/{:X}", lsn >> 32, lsn & 0xFFFFFFFF));
}

std::string_view operation_kind_key(OperationKind kind) {
  switch (kind) {
    case OperationKind::Sort:
      return "why.op.kind_sort";
    case OperationKind::HashJoin:
      return "why.op.kind_hash_join";
    case OperationKind::HashAggregate:
      return "why.op.kind_hash_aggregate";
  }
  return "why.op.an_operation";
}

std::string_view segment_kind_key(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::Main:
      return "why.shm.kind_main";
    case SegmentKind::SystemV:
      return "why.shm.kind_system_v";
    case SegmentKind::Dynamic:
      return "why.shm.kind_dynamic";
    case SegmentKind::Preallocated:
      return "why.shm.kind_preallocated";
  }
  return "why.shm.a_segment";
}

namespace {

struct ServerLabel {
  const CardMaker& maker;
  const EventBody* earlier;  // in the call; null: none

  NamedValue number(BufferSlot slot) const { return maker.buffer(slot); }

  Sentence operator()(const PageRequested&) const { return {"why.effect.asked", {}}; }
  Sentence operator()(const PageLookedUp& e) const {
    if (!e.buffer) return {"why.effect.not_found", {}};
    return {"why.effect.found", {number(e.buffer)}};
  }
  Sentence operator()(const FreelistPopped& e) const {
    return {e.taken ? "why.effect.popped" : "why.effect.popped_in_use", {number(e.buffer)}};
  }
  Sentence operator()(const FreelistPushed& e) const { return {"why.effect.pushed", {number(e.buffer)}}; }
  Sentence operator()(const ClockTicked& e) const {
    switch (e.verdict) {
      case ClockVerdict::Spared:
        return {"why.effect.spared", {number(e.buffer), count_value("usage", usage_of(e.word))}};
      case ClockVerdict::Pinned:
        return {"why.effect.passed", {number(e.buffer)}};
      case ClockVerdict::Taken:
        break;
    }
    return {"why.effect.taken", {number(e.buffer)}};
  }
  Sentence operator()(const RingStepped& e) const { return {"why.effect.ring", {count_value("slot", e.slot)}}; }
  Sentence operator()(const RingSlotSet& e) const {
    if (!e.buffer) return {"why.effect.ring_emptied", {count_value("slot", e.slot)}};
    return {"why.effect.ring_set", {count_value("slot", e.slot), number(e.buffer)}};
  }
  Sentence operator()(const BufferPinned& e) const { return {"why.effect.pinned", {number(e.buffer)}}; }
  Sentence operator()(const BufferUnpinned& e) const { return {"why.effect.unpinned", {number(e.buffer)}}; }
  Sentence operator()(const BufferFlagged& e) const {
    const bool valid = (e.word & kValid) != 0;
    if ((e.word & kIoInProgress) == 0) return {valid ? "why.effect.valid" : "why.effect.flags", {}};
    if (!valid) return {"why.effect.reading", {}};
    const auto* before = earlier == nullptr ? nullptr : std::get_if<BufferFlagged>(earlier);
    const bool second = before != nullptr && before->buffer == e.buffer;
    return {second ? "why.effect.just_dirtied_off" : "why.effect.writing", {}};
  }
  Sentence operator()(const BufferWritten&) const { return {"why.effect.written", {}}; }
  Sentence operator()(const WalFlushed&) const { return {"why.effect.wal", {}}; }
  Sentence operator()(const BufferTagged& e) const { return {"why.effect.tagged", {number(e.buffer)}}; }
  Sentence operator()(const BufferUntagged&) const { return {"why.effect.untagged", {}}; }
  Sentence operator()(const BufferPoolCreated&) const { return {"why.effect.pool", {}}; }
  Sentence operator()(const SegmentCreated&) const { return {"why.effect.segment", {}}; }
  Sentence operator()(const SegmentDestroyed&) const { return {"why.effect.destroyed", {}}; }
  Sentence operator()(const SegmentAttached&) const { return {"why.effect.attached", {}}; }
  Sentence operator()(const SegmentDetached&) const { return {"why.effect.detached", {}}; }
  Sentence operator()(const PagesPlaced& e) const { return {"why.effect.placed", {count_value("node", e.node)}}; }
  Sentence operator()(const PagesUsed&) const { return {"why.effect.pages_used", {}}; }
  template <class Other>
  Sentence operator()(const Other&) const {
    return {};
  }
};

}  // namespace

Sentence server_label(const CardMaker& maker, std::size_t effect) {
  const EventBody* earlier = effect == 0 ? nullptr : &maker.call.events[effect - 1];
  return std::visit(ServerLabel{maker, earlier}, maker.call.events[effect]);
}

Sentence server_call_title(const CardMaker& maker) {
  const Call& call = maker.call;
  if (const auto* request = call.find<PageRequested>()) {
    std::uint32_t requests = 0;
    for (const EventBody& body : call.events) requests += std::holds_alternative<PageRequested>(body) ? 1 : 0;
    if (requests > 1) return {"why.call.extend_by", {count_value("pages", requests)}};
    return {request->for_new ? "why.call.extend" : "why.call.read", {maker.requested_page()}};
  }
  if (const auto* written = call.find<BufferWritten>()) return {"why.call.write", {maker.buffer(written->buffer)}};
  if (const auto* untagged = call.find<BufferUntagged>())
    return {"why.call.invalidate", {maker.buffer(untagged->buffer)}};
  if (call.find<SegmentCreated>() != nullptr) return {"why.call.dsm_create", {maker.segment()}};
  if (call.find<SegmentDetached>() != nullptr) return {"why.call.dsm_detach", {maker.segment()}};
  return {};
}

}  // namespace palloscope::trace
