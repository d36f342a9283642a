// Why a page was written out, and by whom: backends that need its buffer, the background writer, checkpoints, and the
// WAL that must go first (spec 10.5 to 10.7).
#include <algorithm>

#include "trace/explain/card_maker.h"

namespace palloscope::trace {

using namespace core;
using namespace core::buffer_bits;

void CardMaker::operator()(const BufferWritten& e) {
  const auto number = buffer(e.buffer);
  const auto say_who = [&](const char* with_page, const char* without) {
    if (has_page())
      say(with_page, {backend(), page(), number});
    else
      say(without, {backend(), number});
  };
  if (is_local())
    rule("localbuf.c",
         at_least(18)   ? "FlushLocalBuffer"
         : at_least(16) ? "GetLocalVictimBuffer"
                        : "LocalBufferAlloc",
         "10.9");
  else
    rule("bufmgr.c", "FlushBuffer", "10.5, 10.7");
  switch (e.reason) {
    case WriteReason::Victim:
      say_who("why.buf.written_victim", "why.buf.written_victim_any");
      break;
    case WriteReason::BackgroundWriter:
      say_who("why.buf.written_background", "why.buf.written_background_any");
      break;
    case WriteReason::Checkpoint:
      say_who("why.buf.written_checkpoint", "why.buf.written_checkpoint_any");
      break;
    case WriteReason::Flush:
      if (is_local() && !at_least(18)) rule("bufmgr.c", "FlushRelationBuffers", "10.9");
      say_who("why.buf.written_flush", "why.buf.written_flush_any");
      break;
  }
  // Not known: when the page's LSN is that of a change before the stream began, or before the page came.
  const std::uint64_t lsn = was().buffer ? was().buffer->lsn : 0, flushed = was().point.wal_flushed;
  const auto* wal = call.find<WalFlushed>();
  if (is_local())
    say("why.buf.wal_none");
  else if (wal != nullptr)
    say("why.buf.wal_first", {lsn_value("flushed", wal->lsn)});
  else if (lsn != 0 && flushed >= lsn)
    say("why.buf.wal_was_there", {lsn_value("lsn", lsn), lsn_value("flushed", flushed)});
  if ((e.word & kDirty) != 0)
    say("why.buf.dirty_again");
  else if (was().buffer && (was().buffer->word & kCheckpointNeeded) != 0 && e.reason != WriteReason::Checkpoint)
    say("why.buf.checkpoint_skips");
  else if (is_local())
    say("why.buf.clean_local");
  else
    say(e.reason == WriteReason::Checkpoint ? "why.buf.clean_stays" : "why.buf.clean_now");
}

void CardMaker::operator()(const WalFlushed& e) {
  rule("xlog.c", "XLogFlush", "10.5");
  const std::uint64_t old = was().point.wal_flushed;
  if (old == 0)
    say("why.buf.wal_flushed", {lsn_value("lsn", e.lsn)});
  else
    say("why.buf.wal_flushed_on", {lsn_value("lsn", e.lsn), lsn_value("old", old)});
  if (const auto* written = call.find<BufferWritten>())
    say("why.buf.wal_flushed_rule", {buffer(written->buffer)});
  else
    say("why.buf.wal_flushed_plain");
}

void CardMaker::operator()(const CheckpointBegan& e) {
  rule("bufmgr.c", "BufferSync", "10.7");
  if (now().pool)
    say("why.buf.checkpoint", {count_value("buffers", e.buffers), count_value("dirty", now().pool->dirty),
                               count_value("all", now().pool->buffers)});
  else
    say("why.buf.checkpoint_any", {count_value("buffers", e.buffers)});
  if (e.buffers == 0) return say("why.buf.checkpoint_nothing");
  say("why.buf.checkpoint_marked");
  say("why.buf.checkpoint_sorted");
}

void CardMaker::operator()(const CheckpointEnded& e) {
  rule("bufmgr.c", "BufferSync", "10.7");
  say("why.buf.checkpoint_ends", {count_value("written", e.written)});
  if (e.skipped != 0) say("why.buf.checkpoint_skipped", {count_value("skipped", e.skipped)});
  if (was().point.checkpoint != 0) say("why.buf.checkpoint_began", {event_value("event", was().point.checkpoint)});
  say("why.buf.checkpoint_rule");
}

void CardMaker::operator()(const BackgroundRound& e) {
  rule("bufmgr.c", "BgBufferSync", "10.7");
  say("why.buf.round", {count_value("written", e.written), count_value("allocations", e.allocations)});
  // With bgwriter_lru_maxpages = 0 it estimates nothing.
  if (e.wanted != 0)
    say(e.reusable >= e.wanted ? "why.buf.round_enough" : "why.buf.round_short",
        {count_value("wanted", e.wanted), count_value("reusable", e.reusable)});
  say("why.buf.round_next", {buffer("next", BufferSlot{e.next_to_clean + (pool() ? pool()->first.value : 0)})});
  say("why.buf.round_rule");
}

}  // namespace palloscope::trace
