// A copy of a simulated process, as if it had been taken of a live server.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/walk/process_source.h"
#include "trace/live/moment.h"

namespace palloscope::test {

// Reads from the process as it is at that time: `process` outlives the capture.
inline trace::Capture capture_of(const core::Process& process) {
  trace::Capture capture;
  capture.build.major = process.profile().major;
  capture.build.checking = process.profile().checking;
  capture.build.version = std::to_string(capture.build.major) + ".0";
  const core::WalkRoots roots = core::walk_roots(process);
  capture.roots.top_memory_context = roots.top_memory_context;
  capture.roots.current_memory_context = roots.current_memory_context;
  capture.roots.context_freelists = roots.context_freelists;
  capture.facts.pid = 4711;
  capture.facts.title = "postgres: bob shop [local] SELECT";
  capture.facts.time = "2026-11-22T08:40:00.000Z";
  capture.measure.pause_ns = capture.facts.pause_ns = 420'000;
  capture.memory = std::make_unique<core::ProcessSource>(process);
  return capture;
}

}  // namespace palloscope::test
