// Why a request for a page went as it did: look-up, freelist, clock sweep, rings (spec 10.3 to 10.5, 10.8, 10.9).
#include <fmt/format.h>

#include <algorithm>

#include "core/version/buffer_profile.h"
#include "trace/explain/card_maker.h"
#include "trace/exporters/server_text.h"

namespace palloscope::trace {

using namespace core;

namespace {

NamedValue ring_value(const CardMaker& maker) {
  const auto& ring = maker.was().ring ? maker.was().ring : maker.now().ring;
  return text_value("ring", ring ? std::string(ring_kind_name(ring->kind)) : "BAS_...");
}

std::uint64_t ring_slots(const CardMaker& maker) {
  const auto& ring = maker.was().ring ? maker.was().ring : maker.now().ring;
  return ring ? ring->slots.size() : 0;
}

}  // namespace

void CardMaker::operator()(const PageRequested& e) {
  say(e.for_new ? "why.buf.asked_new" : "why.buf.asked", {backend(), requested_page()});
  if (is_local())
    rule("localbuf.c", e.for_new && at_least(16) ? "ExtendBufferedRelLocal" : "LocalBufferAlloc", "10.9");
  else
    rule("bufmgr.c", e.for_new && at_least(16) ? "ExtendBufferedRelShared" : "ReadBuffer_common", "10.3, 10.5");

  const auto* found = call.find<PageLookedUp>();
  BufferSlot given;
  for (const EventBody& body : call.events)
    if (const auto* tagged = std::get_if<BufferTagged>(&body); tagged != nullptr && tagged->tag == e.tag)
      given = tagged->buffer;
  if (found != nullptr && found->buffer)
    say("why.buf.asked_hit", {buffer(found->buffer)});
  else if (given)
    say(e.for_new ? "why.buf.asked_room" : "why.buf.asked_miss", {buffer(given)});
  else if (call.find<ErrorReported>() != nullptr)
    say("why.buf.asked_failed");
  if (e.ring && now().ring) say("why.buf.asked_ring", {ring_value(*this), count_value("slots", ring_slots(*this))});
  if (e.for_new && found == nullptr && !is_local() && at_least(16)) say("why.buf.asked_new_rule");
}

void CardMaker::operator()(const PageLookedUp& e) {
  if (e.buffer)
    say("why.buf.found", {buffer(e.buffer)});
  else
    say("why.buf.not_found");
  const auto hash = text_value("hash", fmt::format("{:#010x}", e.hash));
  const auto bucket = count_value("bucket", e.bucket);
  if (is_local()) {
    rule("localbuf.c", "LocalBufferAlloc", "10.9");
    say("why.buf.hashed_local", {hash, bucket});
  } else {
    rule("buf_table.c", "BufTableLookup", "10.3");
    say("why.buf.hashed",
        {hash, bucket, count_value("partition", e.partition), count_value("partitions", kBufferPartitions)});
  }
  if (now().pool && now().pool->requests != 0)
    say("why.buf.hit_rate", {count_value("hits", now().pool->hits), count_value("requests", now().pool->requests)});
}

void CardMaker::operator()(const FreelistPopped& e) {
  rule("freelist.c", "StrategyGetBuffer", "10.5");
  if (!e.taken) {
    const std::uint32_t word = was().buffer ? was().buffer->word : 0;
    say("why.buf.freelist_used",
        {buffer(e.buffer), count_value("pins", refcount_of(word)), count_value("usage", usage_of(word))});
    return say("why.buf.freelist_used_rule");
  }
  const std::uint64_t left = now().pool ? now().pool->free_count : 0;
  say("why.buf.freelist", {buffer(e.buffer), count_value("left", left)});
  if (!has_page()) say("why.buf.freelist_rule");
  if (left == 0) say("why.buf.freelist_last");
}

void CardMaker::operator()(const FreelistPushed& e) {
  rule("freelist.c", "StrategyFreeBuffer", "10.5");
  say("why.buf.freed", {buffer(e.buffer), count_value("count", now().pool ? now().pool->free_count : 1)});
  say("why.buf.freed_rule");
}

void CardMaker::operator()(const ClockTicked& e) {
  if (is_local())
    rule("localbuf.c", at_least(16) ? "GetLocalVictimBuffer" : "LocalBufferAlloc", "10.9");
  else
    rule("freelist.c", "StrategyGetBuffer, ClockSweepTick", "10.5");
  const auto number = buffer(e.buffer);
  const std::uint32_t usage = usage_of(e.word);
  const auto say_what = [&](const char* with_page, const char* without, const NamedValue& value) {
    if (has_page())
      say(with_page, {number, page(), value});
    else
      say(without, {number, value});
  };
  switch (e.verdict) {
    case ClockVerdict::Spared:
      say_what("why.buf.spared", "why.buf.spared_empty",
               count_value("old", was().buffer ? was().buffer->usage() : usage + 1));
      if (usage == 0)
        say("why.buf.spared_last");
      else
        say("why.buf.spared_rule", {count_value("usage", usage)});
      break;
    case ClockVerdict::Pinned:
      if (is_local() && refcount_of(e.word) == 0)
        say("why.buf.passed_local", {number});
      else
        say_what("why.buf.passed", "why.buf.passed_empty", count_value("pins", refcount_of(e.word)));
      if (pool() != nullptr)
        say(is_local() ? "why.buf.passed_rule_local" : "why.buf.passed_rule",
            {count_value("buffers", pool()->buffers)});
      break;
    case ClockVerdict::Taken:
      say("why.buf.taken", {number});
      if (!has_page())
        say("why.buf.taken_empty");
      else
        say(was().buffer && was().buffer->dirty() ? "why.buf.taken_dirty" : "why.buf.taken_clean", {page()});
      break;
  }
  if (was().pool && now().pool && was().pool->complete_passes != e.complete_passes)
    say("why.buf.wrapped", {count_value("passes", e.complete_passes)});
  else if (now().pool)
    say("why.buf.hand", {buffer("next", {now().pool->first.value + now().pool->hand()})});
}

// --- rings ----------------------------------------------------------------------------------------------------

void CardMaker::operator()(const RingStepped& e) {
  rule("freelist.c", "GetBufferFromRing", "10.5, 10.8");
  const std::uint64_t slots = ring_slots(*this);
  say("why.buf.ring_stepped", {ring_value(*this), count_value("slot", e.slot), count_value("slots", slots)});
  const auto number = buffer(subject.server.buffer);
  const std::uint32_t word = was().buffer ? was().buffer->word : 0;
  switch (e.verdict) {
    case RingVerdict::Empty:
      return say("why.buf.ring_empty");
    case RingVerdict::Taken:
      return was().buffer ? say("why.buf.ring_taken", {number, count_value("slots", slots)})
                          : say("why.buf.ring_taken_any", {count_value("slots", slots)});
    case RingVerdict::InUse:
      if (!was().buffer) return say("why.buf.ring_in_use");
      if (refcount_of(word) != 0) return say("why.buf.ring_pinned", {number, count_value("pins", refcount_of(word))});
      return say("why.buf.ring_used", {number, count_value("usage", usage_of(word))});
    case RingVerdict::WalFirst:
      rule("freelist.c", "StrategyRejectBuffer", "10.5, 10.8");
      if (was().buffer && was().buffer->lsn != 0)
        say("why.buf.ring_wal", {number, lsn_value("lsn", was().buffer->lsn)});
      else
        say("why.buf.ring_wal_any");
      return say("why.buf.ring_wal_rule");
  }
}

void CardMaker::operator()(const RingSlotSet& e) {
  const auto slot = count_value("slot", e.slot);
  if (!e.buffer) {
    rule("freelist.c", "StrategyRejectBuffer", "10.8");
    say("why.buf.ring_emptied", {ring_value(*this), slot});
    return say("why.buf.ring_emptied_rule");
  }
  rule("freelist.c", "AddBufferToRing", "10.5, 10.8");
  say("why.buf.ring_set", {ring_value(*this), slot, buffer(e.buffer)});
  if (!now().ring) return;
  const auto& all = now().ring->slots;
  const auto filled = std::count_if(all.begin(), all.end(), [](BufferSlot held) { return static_cast<bool>(held); });
  say("why.buf.ring_set_rule",
      {count_value("filled", static_cast<std::uint64_t>(filled)), count_value("slots", all.size())});
}

void CardMaker::operator()(const RingCreated& e) {
  rule("freelist.c", at_least(16) ? "GetAccessStrategyWithSize" : "GetAccessStrategy", "10.8");
  say("why.buf.ring_created", {backend(), text_value("ring", std::string(ring_kind_name(e.kind))),
                               count_value("slots", e.slots), bytes_value("bytes", kBlockBytes * e.slots)});
  switch (e.kind) {
    case RingKind::BulkRead:
      say("why.buf.ring_bulk_read");
      break;
    case RingKind::BulkWrite:
      say("why.buf.ring_bulk_write");
      break;
    case RingKind::Vacuum:
      say(at_least(16) ? "why.buf.ring_vacuum" : "why.buf.ring_vacuum_15");
      break;
  }
  if (now().pool && !is_local() && now().pool->buffers / 8 == e.slots)
    say("why.buf.ring_capped", {count_value("buffers", now().pool->buffers)});
}

void CardMaker::operator()(const RingFreed&) {
  rule("freelist.c", "FreeAccessStrategy", "10.8");
  say("why.buf.ring_freed", {ring_value(*this)});
  say("why.buf.ring_freed_rule");
}

}  // namespace palloscope::trace
