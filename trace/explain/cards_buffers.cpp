// Why a buffer was pinned, changed, given to a page or taken from one (spec 10.1, 10.2, 10.5, 10.6).
#include <fmt/format.h>

#include "core/version/buffer_profile.h"
#include "trace/explain/card_maker.h"
#include "trace/exporters/printable.h"
#include "trace/exporters/server_text.h"

namespace palloscope::trace {

using namespace core;
using namespace core::buffer_bits;

void CardMaker::operator()(const BufferPoolCreated& e) {
  const auto count = count_value("buffers", e.buffers);
  const auto bytes = bytes_value("bytes", kBlockBytes * e.buffers);
  if (e.backend) {
    rule("localbuf.c", "InitLocalBuffers", "10.9");
    say("why.buf.local_pool", {backend(), count, bytes});
    return say("why.buf.local_pool_rule");
  }
  rule("buf_init.c", "InitBufferPool", "10.1");
  say("why.buf.pool", {count, bytes});
  if (e.freelist) say("why.buf.pool_freelist", {count});
}

void CardMaker::operator()(const RelationNamed& e) {
  say("why.buf.named", {text_value("oids", fmt::format("{}/{}/{}", e.tablespace, e.database, e.relation)),
                        text_value("name", e.name.empty() ? "?" : printable_start(e.name, 64))});
  if (e.blocks != 0) say("why.buf.named_blocks", {count_value("blocks", e.blocks)});
  say("why.buf.named_rule");
}

// --- pins -----------------------------------------------------------------------------------------------------

void CardMaker::operator()(const BufferPinned& e) {
  const auto number = buffer(e.buffer);
  const auto* request = call.find<PageRequested>();
  const auto* found = call.find<PageLookedUp>();
  const bool victim = request != nullptr && (found == nullptr || !found->buffer);
  const std::uint32_t usage = usage_of(e.word), old = was().buffer ? was().buffer->usage() : usage;
  if (is_local())
    rule("localbuf.c",
         victim         ? at_least(16) ? "GetLocalVictimBuffer" : "LocalBufferAlloc"
         : at_least(16) ? "PinLocalBuffer"
                        : "LocalBufferAlloc",
         "10.9");
  else if (victim)
    rule("bufmgr.c", at_least(16) ? "GetVictimBuffer, PinBuffer_Locked" : "BufferAlloc, PinBuffer_Locked", "10.5");
  else
    rule("bufmgr.c", "PinBuffer", "10.6");

  if (now().private_pins > 1) {
    say("why.buf.pinned_again", {backend(), number, count_value("mine", now().private_pins)});
    return say(is_local() ? "why.buf.pinned_again_local" : "why.buf.pinned_again_rule");
  }
  if (request == nullptr && call.find<BufferWritten>() != nullptr) {
    rule("bufmgr.c",
         call.find<BufferWritten>()->reason == WriteReason::Flush
             ? "FlushRelationBuffers, FlushDatabaseBuffers, PinBuffer_Locked"
             : "SyncOneBuffer, PinBuffer_Locked",
         "10.6, 10.7");
    say("why.buf.pinned_to_write", {backend(), number});
    return say("why.buf.pinned_to_write_rule", {count_value("usage", usage)});
  }
  if (victim) {
    say("why.buf.pinned_victim", {backend(), number});
    return say("why.buf.pinned_victim_rule", {count_value("usage", usage)});
  }
  if (refcount_of(e.word) == 0)
    say("why.buf.pinned_local", {backend(), number});
  else
    say("why.buf.pinned", {backend(), number, count_value("pins", refcount_of(e.word))});
  if (usage > old)
    say("why.buf.usage_grew", {count_value("old", old), count_value("usage", usage), count_value("most", kMaxUsage)});
  else if (request != nullptr && request->ring)
    say("why.buf.usage_ring", {count_value("usage", usage)});
  else if (usage >= kMaxUsage)
    say("why.buf.usage_most", {count_value("most", kMaxUsage)});
  say("why.buf.pinned_rule");
}

void CardMaker::operator()(const BufferUnpinned& e) {
  const auto number = buffer(e.buffer);
  if (is_local())
    rule(at_least(16) ? "localbuf.c" : "bufmgr.c", at_least(16) ? "UnpinLocalBuffer" : "ReleaseBuffer", "10.9");
  else
    rule("bufmgr.c", "UnpinBuffer", "10.6");
  if (const auto* stepped = call.find<RingStepped>(); stepped != nullptr && call.find<PageRequested>() != nullptr) {
    say("why.buf.unpinned_rejected", {backend(), number});
    return say("why.buf.unpinned_rejected_rule");
  }
  if (now().private_pins > 0) {
    say("why.buf.unpinned_partly", {backend(), number, count_value("mine", now().private_pins)});
    return say("why.buf.unpinned_partly_rule");
  }
  say("why.buf.unpinned", {backend(), number});
  if (refcount_of(e.word) != 0)
    say("why.buf.still_pinned", {count_value("pins", refcount_of(e.word))});
  else if (usage_of(e.word) == 0)
    say("why.buf.evictable_now");
  else
    say("why.buf.evictable", {count_value("usage", usage_of(e.word))});
}

// --- contents -------------------------------------------------------------------------------------------------

void CardMaker::operator()(const BufferDirtied& e) {
  const bool again = was().buffer && was().buffer->dirty();
  if (is_local())
    rule("localbuf.c", "MarkLocalBufferDirty", "10.9");
  else
    rule("bufmgr.c", "MarkBufferDirty", "10.6");
  if (has_page())
    say(again ? "why.buf.dirtied_again" : "why.buf.dirtied", {page(), buffer(e.buffer)});
  else
    say("why.buf.dirtied_any", {buffer(e.buffer)});
  const std::uint64_t flushed = was().point.wal_flushed;
  if (e.lsn == 0)
    say(is_local() ? "why.buf.dirtied_local" : "why.buf.dirtied_no_wal");
  else if (flushed == 0)
    say("why.buf.dirtied_lsn", {lsn_value("lsn", e.lsn)});
  else
    say(e.lsn > flushed ? "why.buf.dirtied_lsn_ahead" : "why.buf.dirtied_lsn_safe",
        {lsn_value("lsn", e.lsn), lsn_value("flushed", flushed)});
  say("why.buf.dirtied_rule");
}

void CardMaker::operator()(const BufferFlagged& e) {
  const std::uint32_t old = was().buffer ? was().buffer->word : e.word;
  const std::uint32_t set = e.word & ~old, gone = old & ~e.word;
  const bool valid = (e.word & kValid) != 0;
  const auto number = buffer(e.buffer);
  const auto* request = call.find<PageRequested>();
  rule("bufmgr.c", "", "10.2");
  const auto from = [&](const char* function) { card.rule.function = function; };
  if ((set & kValid) != 0) {
    from("TerminateBufferIO");
    if (is_local()) {
      const bool extends = request != nullptr && request->for_new && at_least(16);
      if (extends)
        rule("localbuf.c", "ExtendBufferedRelLocal", "10.9");
      else if (at_least(18))
        rule("localbuf.c", "TerminateLocalBufferIO", "10.9");
      else
        rule("bufmgr.c", at_least(17) ? "WaitReadBuffers" : "ReadBuffer_common", "10.9");
    }
    if (has_page())
      say(request != nullptr && request->for_new ? "why.buf.valid_new" : "why.buf.valid", {number, page()});
    else
      say("why.buf.valid_any", {number});
    say((gone & kIoInProgress) != 0 ? "why.buf.valid_rule" : "why.buf.valid_rule_local");
  } else if ((set & kIoInProgress) != 0) {
    from("StartBufferIO");
    say(valid ? "why.buf.write_begins" : "why.buf.read_begins", {number});
    say("why.buf.io_rule");
  } else if ((gone & kIoInProgress) != 0) {
    from("TerminateBufferIO");
    say((set & kIoError) != 0 ? "why.buf.io_failed" : "why.buf.io_ends", {number});
  } else if ((gone & kJustDirtied) != 0) {
    from("FlushBuffer");
    say("why.buf.just_dirtied_off", {number});
    say("why.buf.just_dirtied_rule");
  } else if ((set & kCheckpointNeeded) != 0) {
    from("BufferSync");
    card.rule.spec = "10.7";
    if (has_page())
      say("why.buf.checkpoint_needed", {number, page()});
    else
      say("why.buf.checkpoint_needed_any", {number});
    say("why.buf.checkpoint_needed_rule");
  } else if (((set | gone) & kPinCountWaiter) != 0) {
    from("LockBufferForCleanup");
    say((set & kPinCountWaiter) != 0 ? "why.buf.waiter" : "why.buf.waiter_gone", {number});
  } else if (((set | gone) & kLocked) != 0) {
    from("LockBufHdr");
    say((set & kLocked) != 0 ? "why.buf.locked" : "why.buf.unlocked", {number});
  } else {
    card.rule = {};
    if (usage_of(e.word) != usage_of(old))
      say("why.buf.usage_set", {number, count_value("old", usage_of(old)), count_value("usage", usage_of(e.word))});
    else
      say("why.buf.word_set", {number, text_value("word", fmt::format("{:#010x}", e.word))});
  }
}

void CardMaker::operator()(const BufferTagged& e) {
  const auto* request = call.find<PageRequested>();
  if (is_local())
    rule("localbuf.c",
         request != nullptr && request->for_new && at_least(16) ? "ExtendBufferedRelLocal" : "LocalBufferAlloc",
         "10.9");
  else
    rule("bufmgr.c", request != nullptr && request->for_new && at_least(16) ? "ExtendBufferedRelShared" : "BufferAlloc",
         "10.5");
  say("why.buf.tagged",
      {buffer(e.buffer), page_value("page", now().relation, e.tag.block), count_value("usage", usage_of(e.word))});
  if (was().buffer && was().buffer->has_page()) say("why.buf.swapped", {page()});
  if ((e.word & kValid) != 0 || request == nullptr) return;
  say(is_local() ? "why.buf.tagged_rule_local" : "why.buf.tagged_rule");
}

void CardMaker::operator()(const BufferUntagged& e) {
  const bool dirty = was().buffer && was().buffer->dirty();
  const auto number = buffer(e.buffer);
  if (e.reason == UntagReason::Dropped) {
    rule(is_local() ? "localbuf.c" : "bufmgr.c",
         !is_local()    ? "InvalidateBuffer"
         : at_least(18) ? "InvalidateLocalBuffer"
         : at_least(16) ? "DropRelationLocalBuffers"
                        : "DropRelFileNodeLocalBuffers",
         is_local() ? "10.9" : "10.5");
    say("why.buf.dropped", {page(), number});
    return say(dirty ? "why.buf.dropped_dirty" : "why.buf.dropped_clean");
  }
  if (is_local())
    rule("localbuf.c", at_least(16) ? "GetLocalVictimBuffer" : "LocalBufferAlloc", "10.9");
  else
    rule("bufmgr.c", at_least(16) ? "InvalidateVictimBuffer" : "BufferAlloc", "10.5");
  say("why.buf.evicted", {page(), number});
  if (was().buffer && was().buffer->tagged != 0)
    say("why.buf.evicted_since", {event_value("event", was().buffer->tagged)});
  say("why.buf.evicted_rule");
}

// --- reported (pg_buffercache) ----------------------------------------------------------------------------------

void CardMaker::operator()(const PoolReported& e) {
  rule("pg_buffercache_pages.c", "pg_buffercache_summary", "9.5");
  say("why.buf.reported", {count_value("used", e.used), count_value("unused", e.unused), count_value("dirty", e.dirty),
                           count_value("pinned", e.pinned)});
  if (e.used != 0)
    say("why.buf.reported_usage",
        {text_value("usage", fmt::format("{:.2f}", static_cast<double>(e.usage_sum) / e.used))});
}

void CardMaker::operator()(const UsageCountReported& e) {
  rule("pg_buffercache_pages.c", "pg_buffercache_usage_counts", "9.5");
  say("why.buf.reported_count", {count_value("usage", e.usage), count_value("buffers", e.buffers),
                                 count_value("dirty", e.dirty), count_value("pinned", e.pinned)});
  say("why.buf.reported_count_rule");
}

void CardMaker::operator()(const BufferNodeReported& e) {
  rule("pg_buffercache_pages.c", "pg_buffercache_numa_pages", "9.5, 11.6");
  const auto page_number = count_value("os_page", e.os_page);
  if (e.node < 0) return say("why.buf.reported_no_node", {buffer(e.buffer), page_number});
  say("why.buf.reported_node",
      {buffer(e.buffer), page_number, count_value("node", static_cast<std::uint64_t>(e.node))});
}

}  // namespace palloscope::trace
