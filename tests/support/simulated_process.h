// A simulated process with its log, and reading its bytes as a test wants it.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "core/mcxt/process.h"
#include "tests/support/catch.h"
#include "tests/support/event_log.h"

namespace palloscope::test {

struct SimulatedProcess {
  explicit SimulatedProcess(int major, bool checking = false)
      : profile(*core::find_profile(major, checking)), process(profile, log) {
    log.clear();
  }

  EventLog log;
  const core::VersionProfile& profile;
  core::Process process;

  std::uint64_t load(core::Address at, unsigned width = 8) const {
    std::array<std::uint8_t, 8> raw{};
    REQUIRE(process.read(at, std::span(raw).first(width)));
    std::uint64_t value = 0;
    std::memcpy(&value, raw.data(), 8);
    return value;
  }
  std::uint64_t load(core::Address base, core::Field field) const { return load(base + field.offset, field.width); }
  core::Address pointer(core::Address base, core::Field field) const { return {load(base, field)}; }
  std::string text(core::Address at) const {
    std::string text;
    while (char c = static_cast<char>(load(at, 1))) {
      text.push_back(c);
      at = at + 1;
    }
    return text;
  }
  std::string name(core::Address context) const { return text(pointer(context, profile.context.name)); }
  bool is_reset(core::Address context) const { return load(context, profile.context.is_reset) != 0; }
  core::Address create(const std::string& context_name, core::AllocSetSizes sizes = core::kDefaultSizes) {
    return process.alloc_set_context_create(process.top_memory_context(), context_name, sizes);
  }
  // The WARNINGs since the log was last cleared.
  std::vector<std::string> warnings() const {
    std::vector<std::string> texts;
    for (const core::ErrorReported& report : log.of<core::ErrorReported>()) {
      if (report.severity == core::Severity::Warning) texts.push_back(report.message);
    }
    return texts;
  }
  void poke(core::Address at, std::uint8_t byte) { process.write(at, std::array<std::uint8_t, 1>{byte}); }
  void poke(core::Address base, core::Field field, std::uint64_t value) {
    std::array<std::uint8_t, 8> raw{};
    std::memcpy(raw.data(), &value, 8);
    process.write(base + field.offset, std::span(raw).first(field.width));
  }

  // The statistics line without the context's name.
  std::string stats(core::Address context) const {
    return process.memory_context_stats_line(context).substr(name(context).size() + 2);
  }
  // The regions that were freed so far, by the address that they had.
  std::vector<core::Address> freed() const {
    std::vector<core::Address> regions, order;
    for (const core::EventBody& event : log.events) {
      if (const auto* made = std::get_if<core::Malloc>(&event)) {
        if (made->block.value >= regions.size()) regions.resize(made->block.value + 1);
        regions[made->block.value] = made->at;
      }
      if (const auto* gone = std::get_if<core::Free>(&event)) {
        order.push_back(gone->block.value < regions.size() ? regions[gone->block.value] : core::Address{});
      }
    }
    return order;
  }
};

}  // namespace palloscope::test
