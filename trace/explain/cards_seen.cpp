#include "trace/explain/cards_seen.h"

namespace palloscope::trace {

using namespace core;

namespace {

// What is other than before; nothing where the event's own line says all.
struct Seen {
  CardMaker& maker;
  const StreamDescription& stream;

  NamedValue name() const { return text_value("name", maker.name()); }
  NamedValue granted() const {
    const auto& chunk = maker.after.chunk ? maker.after.chunk : maker.before.chunk;
    return bytes_value("granted", chunk ? chunk->granted_bytes : 0);
  }

  void operator()(const ContextCreated& e) const { maker.say("why.seen.context", {text_value("name", e.name)}); }
  void operator()(const ContextDeleted&) const { maker.say("why.seen.context_gone", {name()}); }
  void operator()(const ContextReset&) const { maker.say("why.seen.reset", {name()}); }
  void operator()(const ContextReparented&) const {
    maker.say("why.seen.moved", {name(), text_value("parent", maker.after.parent_name)});
  }
  void operator()(const BlockAdded& e) const {
    const std::uint64_t bytes = maker.after.block ? maker.after.block->bytes : e.accounted_bytes;
    maker.say("why.seen.block", {name(), bytes_value("bytes", bytes)});
  }
  void operator()(const ChunkAllocated& e) const {
    maker.say("why.seen.chunk", {name(), bytes_value("granted", e.granted_bytes), address_value("at", e.at)});
    const bool one_size = maker.kind() == ContextKind::Slab;
    if (!one_size && !requested_known(stream)) return maker.say("why.seen.asked_unknown");
    maker.say("why.seen.asked", {bytes_value("asked", e.requested_bytes)});
  }
  void operator()(const ChunkFreed&) const { maker.say("why.seen.freed", {name(), granted()}); }
  template <class Other>
  void operator()(const Other&) const {}
};

}  // namespace

bool is_only_seen(const StreamDescription& stream, const EventBody& event) {
  if (stream.source != SourceKind::Snapshot) return false;
  const std::uint8_t tag = event.tag();
  return tag != SnapshotBegan::kTag && tag != SnapshotEnded::kTag && tag != ProcessReported::kTag &&
         tag != BlockReported::kTag && tag != Statement::kTag;
}

void say_what_was_seen(CardMaker& maker, const StreamDescription& stream, bool first) {
  std::visit(Seen{maker, stream}, maker.call.event());
  maker.say(first ? "why.seen.first" : "why.seen.between");
}

}  // namespace palloscope::trace
