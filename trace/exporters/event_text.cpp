#include "trace/exporters/event_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>

#include "trace/exporters/printable.h"
#include "trace/exporters/server_text.h"

namespace palloscope::trace {
namespace {

using namespace core;

constexpr std::size_t kLongestName = 64, kLongestText = 200, kMostBytesShown = 16;

template <class T>
struct KindName;
template <class... Kinds>
struct KindName<std::variant<Kinds...>> {
  static constexpr std::array<std::uint8_t, sizeof...(Kinds)> kTags = {Kinds::kTag...};
};

// In the order of EventVariant.
constexpr std::string_view kKindNames[] = {"ContextCreated",
                                           "ContextReset",
                                           "ContextDeleted",
                                           "ContextRecycled",
                                           "ContextReparented",
                                           "ContextIdentSet",
                                           "ContextSwitched",
                                           "CritSectionAllowed",
                                           "CallbackRegistered",
                                           "CallbackRun",
                                           "Malloc",
                                           "MallocFailed",
                                           "Realloc",
                                           "ReallocFailed",
                                           "Free",
                                           "BlockAdded",
                                           "BlockRemoved",
                                           "BlockEmptied",
                                           "NextBlockSizeSet",
                                           "BlockMoved",
                                           "BlockReported",
                                           "ChunkAllocated",
                                           "ChunkFreed",
                                           "ChunkCarved",
                                           "ChunkResized",
                                           "MemoryWritten",
                                           "ErrorReported",
                                           "AllocationFailed",
                                           "ErrorCaught",
                                           "Output",
                                           "FaultFound",
                                           "ProcessReported",
                                           "SourceText",
                                           "SourceLine",
                                           "Narration",
                                           "Statement",
                                           "VariableSet",
                                           "SnapshotBegan",
                                           "ContextReported",
                                           "ContextsOmitted",
                                           "SnapshotEnded",
                                           "BackendStarted",
                                           "BackendEnded",
                                           "BackendSwitched",
                                           "OperationBegan",
                                           "OperationPhaseChanged",
                                           "OperationCounted",
                                           "OperationSpilled",
                                           "OperationEnded",
                                           "CheckpointBegan",
                                           "CheckpointEnded",
                                           "BufferPoolCreated",
                                           "RelationNamed",
                                           "PageRequested",
                                           "PageLookedUp",
                                           "FreelistPopped",
                                           "FreelistPushed",
                                           "ClockTicked",
                                           "RingStepped",
                                           "RingSlotSet",
                                           "RingCreated",
                                           "RingFreed",
                                           "BufferPinned",
                                           "BufferUnpinned",
                                           "BufferDirtied",
                                           "BufferWritten",
                                           "BufferFlagged",
                                           "BufferTagged",
                                           "BufferUntagged",
                                           "WalFlushed",
                                           "BackgroundRound",
                                           "PoolReported",
                                           "UsageCountReported",
                                           "BufferNodeReported",
                                           "SegmentCreated",
                                           "SegmentDestroyed",
                                           "SegmentAttached",
                                           "SegmentDetached",
                                           "SegmentPinned",
                                           "ShmemAllocated",
                                           "ShmemFound",
                                           "ShmemRequested",
                                           "HugePagesTried",
                                           "NumaNodeAdded",
                                           "BackendPlaced",
                                           "NumaPolicySet",
                                           "PagesPlaced",
                                           "PagesUsed",
                                           "ShmemNodeReported"};
static_assert(std::size(kKindNames) == std::variant_size_v<EventVariant>, "every kind has its name here");

std::string at_text(Address at) { return fmt::format("@{:#x}", at.value); }

class TextMaker {
 public:
  explicit TextMaker(const MemoryState& state) : state_(state) {}

  std::string operator()(const ContextCreated& e) const {
    std::string text = fmt::format("create {} ({}", shown(e.name), context_kind_name(e.kind));
    if (e.kind == ContextKind::Slab)
      text += fmt::format(" {}-byte chunks, {}-byte blocks", e.min_context_bytes, e.init_block_bytes);
    else if (e.init_block_bytes != 0)
      text += fmt::format(" {}/{}/{}", e.min_context_bytes, e.init_block_bytes, e.max_block_bytes);
    text += e.recycled ? ", recycled)" : ")";
    if (e.parent) text += fmt::format(" in {}", name(e.parent));
    if (e.at) text += fmt::format(" {}", at_text(e.at));
    return text;
  }
  std::string operator()(const ContextReset& e) const { return fmt::format("reset {}", name(e.context)); }
  std::string operator()(const ContextDeleted& e) const { return fmt::format("delete {}", name(e.context)); }
  std::string operator()(const ContextRecycled& e) const {
    return fmt::format("keep the deleted context {} for reuse in list {}", region_at(e.region), e.list);
  }
  std::string operator()(const ContextReparented& e) const {
    return e.parent ? fmt::format("move {} below {}", name(e.context), name(e.parent))
                    : fmt::format("detach {}", name(e.context));
  }
  std::string operator()(const ContextIdentSet& e) const {
    return e.ident ? fmt::format("ident of {}: {}", name(e.context), printable_start(*e.ident, kLongestText))
                   : fmt::format("no ident for {}", name(e.context));
  }
  std::string operator()(const ContextSwitched& e) const { return fmt::format("switch to {}", name(e.context)); }
  std::string operator()(const CritSectionAllowed& e) const {
    return fmt::format("{} {} in critical sections", name(e.context), e.allowed ? "allowed" : "not allowed");
  }
  std::string operator()(const CallbackRegistered& e) const {
    return fmt::format("register reset callback {} on {}", e.callback, name(e.context));
  }
  std::string operator()(const CallbackRun& e) const {
    return fmt::format("run reset callback {} of {}", e.callback, name(e.context));
  }

  std::string operator()(const Malloc& e) const { return fmt::format("malloc {} {}", e.bytes, at_text(e.at)); }
  std::string operator()(const MallocFailed& e) const { return fmt::format("malloc {} failed", e.bytes); }
  std::string operator()(const Realloc& e) const {
    return fmt::format("realloc to {} {}{}", e.bytes, at_text(e.at), of_owner(e.block));
  }
  std::string operator()(const ReallocFailed& e) const {
    return fmt::format("realloc to {} failed{}", e.bytes, of_owner(e.block));
  }
  std::string operator()(const Free& e) const {
    const BlockRecord* block = record(state_.blocks(), e.block);
    return block ? fmt::format("free {} {}", block->bytes, at_text(block->at)) : "free an unknown region";
  }
  std::string operator()(const BlockAdded& e) const {
    const BlockRecord* block = record(state_.blocks(), e.block);
    return fmt::format("{} block of {} for {} {}", block_role_name(e.role), block ? block->bytes : 0, name(e.context),
                       at_text(e.header));
  }
  std::string operator()(const BlockRemoved& e) const {
    return fmt::format("block leaves its context {}", region_at(e.block));
  }
  std::string operator()(const BlockEmptied& e) const {
    return fmt::format("block empty again {}{}", region_at(e.block), of_owner(e.block));
  }
  std::string operator()(const NextBlockSizeSet& e) const {
    return fmt::format("next block of {} will have {}", name(e.context), e.bytes);
  }
  std::string operator()(const BlockMoved& e) const {
    return fmt::format("block to list {} {}{}", e.list, region_at(e.block), of_owner(e.block));
  }

  std::string operator()(const BlockReported& e) const {
    return fmt::format("block used up to {:#x}, {} of its chunks free, not known which {}{}", e.free_at.value,
                       e.free_chunks, region_at(e.block), of_owner(e.block));
  }

  std::string operator()(const ChunkAllocated& e) const {
    const std::string_view from = e.origin == ChunkOrigin::Freelist   ? " from the freelist"
                                  : e.origin == ChunkOrigin::External ? " in a block of its own"
                                                                      : "";
    return fmt::format("{} {} {} -> {} {}{}", e.cause == ChunkCause::Repalloc ? "repalloc: new chunk" : "palloc",
                       owner(e.block), e.requested_bytes, e.granted_bytes, at_text(e.at), from);
  }
  std::string operator()(const ChunkFreed& e) const {
    const ChunkRecord* chunk = record(state_.chunks(), e.chunk);
    const std::string_view fate = e.fate == ChunkFate::ToFreelist  ? " to the freelist"
                                  : e.fate == ChunkFate::WithBlock ? " with its block"
                                                                   : "";
    const std::string_view verb = e.cause == ChunkCause::Repalloc ? "repalloc: old chunk" : "pfree";
    if (chunk == nullptr) return fmt::format("{} an unknown chunk", verb);
    return fmt::format("{} {} {} ({}) {}{}", verb, owner(chunk->block), chunk->requested_bytes, chunk->granted_bytes,
                       at_text(chunk->at), fate);
  }
  std::string operator()(const ChunkCarved& e) const {
    return fmt::format("carve {} for the freelist of {} {}", e.granted_bytes, owner(e.block), at_text(e.at));
  }
  std::string operator()(const ChunkResized& e) const {
    const ChunkRecord* chunk = record(state_.chunks(), e.chunk);
    if (chunk == nullptr) return "repalloc an unknown chunk";
    return fmt::format("repalloc {} {} -> {} {} in place", owner(chunk->block), e.requested_bytes, e.granted_bytes,
                       at_text(chunk->at));
  }
  std::string operator()(const MemoryWritten& e) const {
    std::string text = fmt::format("write {} bytes {}:", e.bytes.size(), at_text(e.at));
    const std::size_t shown_bytes = std::min(e.bytes.size(), kMostBytesShown);
    for (std::size_t i = 0; i < shown_bytes; ++i) text += fmt::format(" {:02x}", e.bytes[i]);
    return shown_bytes < e.bytes.size() ? text + " ..." : text;
  }

  std::string operator()(const ErrorReported& e) const {
    const std::string_view severity = e.severity == Severity::Error     ? "ERROR"
                                      : e.severity == Severity::Warning ? "WARNING"
                                                                        : "NOTICE";
    std::string text = fmt::format("{}: {}", severity, printable_start(e.message, kLongestText));
    if (!e.detail.empty()) text += fmt::format(" ({})", printable_start(e.detail, kLongestText));
    return text;
  }
  std::string operator()(const AllocationFailed& e) const {
    return fmt::format("no memory for {} in {}", e.requested_bytes, name(e.context));
  }
  std::string operator()(const ErrorCaught&) const { return "error caught"; }
  std::string operator()(const FaultFound& e) const {
    std::string text = fmt::format("fault: {} {}", fault_kind_name(e.kind), at_text(e.at));
    if (e.context) text += fmt::format(" in {}", name(e.context));
    if (e.born != 0) text += fmt::format(", memory of event {}", e.born);
    if (e.ended != 0) text += fmt::format(", ended by event {}", e.ended);
    return text;
  }
  std::string operator()(const Output& e) const {
    return fmt::format("print: {}", printable_start(e.text, kLongestText));
  }
  std::string operator()(const SourceText& e) const {
    return fmt::format("source {}: {} ({} bytes)", e.file, shown(e.name), e.text.size());
  }
  std::string operator()(const SourceLine& e) const { return fmt::format("line {} of source {}", e.line, e.file); }
  std::string operator()(const Narration& e) const {
    return fmt::format("step: {}", printable_start(e.en, kLongestText));
  }
  std::string operator()(const Statement& e) const {
    return fmt::format("statement: {}", printable_start(e.text, kLongestText));
  }
  std::string operator()(const VariableSet& e) const {
    return e.value ? fmt::format("{} = {:#x}", shown(e.name), e.value.value) : fmt::format("forget {}", shown(e.name));
  }

  std::string operator()(const SnapshotBegan& e) const {
    std::string text = "moment begins";
    if (!e.label.empty()) text += fmt::format(" {}", printable_start(e.label, kLongestText));
    if (e.pid != 0) text += fmt::format(", PID {}", e.pid);
    return text;
  }
  std::string operator()(const ContextReported& e) const {
    return fmt::format("{}: {} total in {} blocks, {} free, {} used", name(e.context), e.total_bytes, e.blocks,
                       e.free_bytes, e.used_bytes);
  }
  std::string operator()(const ContextsOmitted& e) const {
    return e.count == 0 ? fmt::format("no children of {} left out", name(e.parent))
                        : fmt::format("{} children of {} left out, with {} in {} blocks", e.count, name(e.parent),
                                      e.total_bytes, e.blocks);
  }
  std::string operator()(const ProcessReported& e) const {
    const std::string held = fmt::format("{} private bytes resident", e.rss_anon);
    if (!e.stopped) return fmt::format("read while it ran on: {}", held);
    return fmt::format("stood still for {} us, {} {}: {}", e.pause_ns / 1000, e.tries, e.tries == 1 ? "try" : "tries",
                       held);
  }
  std::string operator()(const SnapshotEnded& e) const {
    return e.problem.empty() ? "moment ends" : fmt::format("moment ends: {}", printable_start(e.problem, kLongestText));
  }

 private:
  static std::string shown(std::string_view name) { return printable_start(name, kLongestName); }

  // Also of a thing that has just gone.
  template <class Table, class Slot>
  static const typename Table::value_type* record(const Table& table, Slot slot) {
    return slot.value < table.size() ? &table[slot.value] : nullptr;
  }
  std::string name(ContextSlot slot) const {
    if (!slot) return "no context";
    const ContextRecord* context = record(state_.contexts(), slot);
    return context ? shown(printed_name(*context)) : fmt::format("context {}", slot.value);
  }
  std::string region_at(BlockSlot slot) const {
    const BlockRecord* block = record(state_.blocks(), slot);
    return block ? at_text(block->at) : fmt::format("region {}", slot.value);
  }
  std::string owner(BlockSlot slot) const {
    const BlockRecord* block = record(state_.blocks(), slot);
    return block ? name(block->context) : "no context";
  }
  std::string of_owner(BlockSlot slot) const {
    const BlockRecord* block = state_.block(slot);
    return block && block->context ? fmt::format(" of {}", name(block->context)) : std::string();
  }

  const MemoryState& state_;
};

}  // namespace

std::string event_text(const EventBody& event, const MemoryState& after) {
  return std::visit(
      [&](const auto& e) -> std::string {
        if constexpr (kIsServerEvent<std::decay_t<decltype(e)>>)
          return server_event_text(event, after.server());
        else
          return TextMaker(after)(e);
      },
      event);
}

std::string_view event_kind_name(const EventBody& event) { return kKindNames[event.index()]; }

std::string_view event_kind_name(std::uint8_t tag) {
  constexpr auto kTags = KindName<EventVariant>::kTags;
  const auto found = std::find(kTags.begin(), kTags.end(), tag);
  return found == kTags.end() ? "?" : kKindNames[static_cast<std::size_t>(found - kTags.begin())];
}

std::string_view fault_kind_name(core::FaultKind kind) {
  constexpr std::string_view kNames[] = {"double free",
                                         "invalid pointer",
                                         "free in a bump context",
                                         "write past the end",
                                         "read past the end",
                                         "use after free",
                                         "use after reset",
                                         "use after delete",
                                         "wrong context",
                                         "reset with live pointers",
                                         "too large a request",
                                         "out of memory",
                                         "allocation in a critical section",
                                         "forgotten switch back",
                                         "corrupt heap"};
  static_assert(std::size(kNames) == core::kFaultKindCount);
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view context_kind_name(ContextKind kind) {
  switch (kind) {
    case ContextKind::AllocSet:
      return "AllocSet";
    case ContextKind::Generation:
      return "Generation";
    case ContextKind::Slab:
      return "Slab";
    case ContextKind::Bump:
      return "Bump";
    case ContextKind::Unknown:
      break;
  }
  return "unknown";
}

std::string_view block_role_name(BlockRole role) {
  switch (role) {
    case BlockRole::Plain:
      return "plain";
    case BlockRole::Keeper:
      return "keeper";
    case BlockRole::Ordinary:
      return "ordinary";
    case BlockRole::External:
      return "external";
    case BlockRole::Header:
      return "header";
    case BlockRole::Recycled:
      return "recycled";
  }
  return "?";
}

std::string_view printed_name(const ContextRecord& context) {
  return context.name == "dynahash" && context.ident ? std::string_view(*context.ident)
                                                     : std::string_view(context.name);
}

}  // namespace palloscope::trace
