// Why shared memory was made, divided, found, attached and given back, and on which node its pages lie (spec 11).
#include <fmt/format.h>

#include "trace/explain/card_maker.h"
#include "trace/exporters/printable.h"
#include "trace/exporters/server_text.h"

namespace palloscope::trace {

using namespace core;

namespace {

std::uint64_t pages_of(std::uint64_t bytes, std::uint64_t page_bytes) {
  return page_bytes == 0 ? 0 : bytes / page_bytes + (bytes % page_bytes != 0 ? 1 : 0);
}

bool is_dynamic(SegmentKind kind) { return kind == SegmentKind::Dynamic || kind == SegmentKind::Preallocated; }

}  // namespace

// --- segments -----------------------------------------------------------------------------------------------------

void CardMaker::operator()(const SegmentCreated& e) {
  const auto bytes = bytes_value("bytes", e.bytes);
  switch (e.kind) {
    case SegmentKind::Main:
      rule("sysv_shmem.c", "CreateAnonymousSegment", "11.1");
      if (e.at)
        say("why.shm.main", {bytes, address_value("at", e.at)});
      else
        say("why.shm.main_nowhere", {bytes});
      say("why.shm.main_rule");
      if (e.page_bytes != 0)
        say("why.shm.pages",
            {count_value("pages", pages_of(e.bytes, e.page_bytes)), bytes_value("page", e.page_bytes)});
      break;
    case SegmentKind::SystemV:
      rule("sysv_shmem.c", "InternalIpcMemoryCreate", "11.1");
      say("why.shm.system_v", {bytes});
      say("why.shm.system_v_rule");
      break;
    case SegmentKind::Dynamic:
      rule("dsm.c", "dsm_create", "11.7");
      say("why.shm.dynamic", {segment(), bytes});
      say("why.shm.dynamic_rule");
      break;
    case SegmentKind::Preallocated:
      rule("dsm.c", "dsm_create", "11.7");
      say("why.shm.preallocated", {segment(), bytes});
      say("why.shm.preallocated_rule");
      break;
  }
}

void CardMaker::operator()(const SegmentDestroyed&) {
  const SegmentKind kind = was().segment ? was().segment->kind : SegmentKind::Main;
  const auto bytes = bytes_value("bytes", was().segment ? was().segment->bytes : 0);
  say("why.shm.destroyed", {segment(), bytes});
  if (is_dynamic(kind)) {
    rule("dsm.c", "dsm_detach", "11.7");
    say(kind == SegmentKind::Dynamic ? "why.shm.destroyed_dynamic" : "why.shm.destroyed_preallocated");
  } else {
    rule("sysv_shmem.c", "IpcMemoryDetach, AnonymousShmemDetach", "11.1");
    say("why.shm.destroyed_rule");
  }
}

void CardMaker::operator()(const SegmentAttached& e) {
  const bool dynamic = now().segment && is_dynamic(now().segment->kind);
  if (e.at)
    say("why.shm.attached", {backend(), segment(), address_value("at", e.at)});
  else
    say("why.shm.attached_nowhere", {backend(), segment()});
  if (!dynamic) {
    rule("sysv_shmem.c", "CreateAnonymousSegment", "11.1");
    return say("why.shm.attached_main");
  }
  rule("dsm.c", call.find<SegmentCreated>() != nullptr ? "dsm_create" : "dsm_attach", "11.7");
  if (e.refcnt != 0)
    say(now().segment->pinned ? "why.shm.refcnt_pinned" : "why.shm.refcnt",
        {count_value("refcnt", e.refcnt), count_value("attached", now().segment->attached.size())});
  say("why.shm.attached_rule");
}

void CardMaker::operator()(const SegmentDetached& e) {
  const bool dynamic = was().segment && is_dynamic(was().segment->kind);
  say("why.shm.detached", {backend(), segment()});
  if (!dynamic) {
    rule("sysv_shmem.c", "PGSharedMemoryDetach", "11.1");
    return say("why.shm.detached_main");
  }
  rule("dsm.c", "dsm_detach", "11.7");
  if (e.refcnt == 1)
    say("why.shm.refcnt_last");
  else if (e.refcnt != 0 && now().segment)
    say(now().segment->pinned ? "why.shm.refcnt_pinned" : "why.shm.refcnt",
        {count_value("refcnt", e.refcnt), count_value("attached", now().segment->attached.size())});
  say("why.shm.detached_rule");
}

void CardMaker::operator()(const SegmentPinned& e) {
  rule("dsm.c", e.pinned ? "dsm_pin_segment" : "dsm_unpin_segment", "11.7");
  say(e.pinned ? "why.shm.pinned" : "why.shm.unpinned", {segment()});
  if (e.refcnt == 1)
    say("why.shm.refcnt_last");
  else if (e.refcnt != 0 && now().segment)
    say(e.pinned ? "why.shm.refcnt_pinned" : "why.shm.refcnt",
        {count_value("refcnt", e.refcnt), count_value("attached", now().segment->attached.size())});
  say(e.pinned ? "why.shm.pinned_rule" : "why.shm.unpinned_rule");
}

// --- what is in the main segment ------------------------------------------------------------------------------------

void CardMaker::operator()(const ShmemAllocated& e) {
  const auto bytes = bytes_value("bytes", e.bytes), offset = text_value("offset", std::to_string(e.offset));
  if (!e.name.empty()) {
    rule("shmem.c", "ShmemInitStruct, ShmemAlloc", "11.2");
    say("why.shm.allocated", {text_value("name", printable_start(e.name, 64)), bytes, offset});
  } else {
    rule("shmem.c", "ShmemAlloc", "11.2");
    if (e.purpose.empty())
      say("why.shm.allocated_anonymous", {bytes, offset});
    else
      say("why.shm.allocated_purpose", {text_value("purpose", printable_start(e.purpose, 64)), bytes, offset});
    say("why.shm.anonymous_rule");
  }
  constexpr std::uint64_t kCacheLine = 128;
  if (e.allocated_bytes > e.bytes && e.allocated_bytes % kCacheLine == 0)
    say("why.shm.rounded",
        {bytes_value("allocated", e.allocated_bytes), bytes_value("waste", e.allocated_bytes - e.bytes)});
  if (now().segment && now().segment->bytes >= now().segment->allocated_bytes)
    say("why.shm.left", {bytes_value("left", now().segment->bytes - now().segment->allocated_bytes),
                         bytes_value("all", now().segment->bytes)});
}

void CardMaker::operator()(const ShmemFound& e) {
  rule("shmem.c", "ShmemInitStruct", "11.2");
  say("why.shm.found", {backend(), text_value("name", e.name.empty() ? "?" : printable_start(e.name, 64))});
  if (now().allocation)
    say("why.shm.found_at",
        {bytes_value("bytes", now().allocation->bytes), text_value("offset", std::to_string(now().allocation->offset)),
         event_value("event", now().allocation->born)});
  say("why.shm.found_rule");
}

void CardMaker::operator()(const ShmemRequested& e) {
  const auto library = text_value("library", e.library.empty() ? "?" : printable_start(e.library, 64));
  if (e.bytes != 0 || e.lwlocks == 0) {
    rule("ipci.c", "RequestAddinShmemSpace", "11.5");
    say("why.shm.requested", {library, bytes_value("bytes", e.bytes)});
  } else {
    rule("lwlock.c", "RequestNamedLWLockTranche", "11.5");
    say("why.shm.requested_locks", {library, count_value("locks", e.lwlocks)});
  }
  if (now().requested_lwlocks != 0)
    say("why.shm.requested_sum_locks",
        {bytes_value("sum", now().requested_bytes), count_value("locks", now().requested_lwlocks)});
  else
    say("why.shm.requested_sum", {bytes_value("sum", now().requested_bytes)});
  say("why.shm.requested_rule");
}

void CardMaker::operator()(const HugePagesTried& e) {
  rule("sysv_shmem.c", "CreateAnonymousSegment", "11.6");
  const auto pages = count_value("pages", e.pages), available = count_value("available", e.available);
  const auto size = bytes_value("page", e.page_bytes);
  if (e.setting == HugePages::Off) {
    say("why.shm.huge_off", {pages, size});
    return say("why.shm.huge_off_rule");
  }
  const auto setting = text_value("setting", std::string(huge_pages_name(e.setting)));
  say(e.granted ? "why.shm.huge_granted" : "why.shm.huge_refused", {setting, pages, size, available});
  if (e.granted) return say("why.shm.huge_granted_rule", {pages, size});
  say(e.setting == HugePages::On ? "why.shm.huge_on_fails" : "why.shm.huge_falls_back");
}

// --- the machine --------------------------------------------------------------------------------------------------

void CardMaker::operator()(const NumaNodeAdded& e) {
  say("why.shm.node",
      {count_value("node", e.node), count_value("cores", e.cores), bytes_value("bytes", e.memory_bytes)});
  say("why.shm.node_rule");
}

void CardMaker::operator()(const BackendPlaced& e) {
  const auto node = count_value("node", e.node);
  if (was().backend_node >= 0 && static_cast<std::uint32_t>(was().backend_node) != e.node)
    say("why.shm.moved", {backend(), node, count_value("old", static_cast<std::uint64_t>(was().backend_node))});
  else
    say("why.shm.runs", {backend(), node});
  say("why.shm.runs_rule");
}

void CardMaker::operator()(const NumaPolicySet& e) {
  switch (e.policy) {
    case NumaPolicy::FirstTouch:
      say("why.shm.first_touch");
      break;
    case NumaPolicy::Interleave:
      say("why.shm.interleave");
      break;
    case NumaPolicy::Bind:
      say("why.shm.bind", {count_value("node", e.node)});
      break;
  }
  say("why.shm.policy_rule");
}

void CardMaker::operator()(const PagesPlaced& e) {
  const auto node = count_value("node", e.node);
  say("why.shm.placed",
      {bytes_value("bytes", e.bytes), segment(), text_value("offset", std::to_string(e.offset)), node});
  switch (now().point.numa_policy) {
    case NumaPolicy::FirstTouch:
      say("why.shm.placed_first", {backend(), node});
      break;
    case NumaPolicy::Interleave:
      say("why.shm.placed_interleave", {backend()});
      break;
    case NumaPolicy::Bind:
      say("why.shm.placed_bind", {backend(), node});
      break;
  }
  if (now().node) say("why.shm.placed_sum", {node, bytes_value("bytes", now().node->placed_bytes)});
}

void CardMaker::operator()(const PagesUsed& e) {
  const auto local = bytes_value("local", e.local_bytes), remote = bytes_value("remote", e.remote_bytes);
  say("why.shm.used", {backend(), segment(), local, remote});
  say(e.remote_bytes == 0 ? "why.shm.used_local" : "why.shm.used_remote");
  if (now().local_bytes + now().remote_bytes > e.local_bytes + e.remote_bytes)
    say("why.shm.used_sum",
        {backend(), bytes_value("local", now().local_bytes), bytes_value("remote", now().remote_bytes)});
}

void CardMaker::operator()(const ShmemNodeReported& e) {
  rule("shmem.c", "pg_get_shmem_allocations_numa", "9.4, 11.6");
  const auto bytes = bytes_value("bytes", e.bytes);
  const auto name =
      e.name.empty() ? key_value("name", "why.shm.anonymous") : text_value("name", printable_start(e.name, 64));
  if (e.node < 0) return say("why.shm.reported_absent", {name, bytes});
  say("why.shm.reported", {name, bytes, count_value("node", static_cast<std::uint64_t>(e.node))});
  say("why.shm.reported_rule");
}

}  // namespace palloscope::trace
