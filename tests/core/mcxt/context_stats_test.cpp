// MemoryContextStats' text (spec 9.1).
#include "core/mcxt/context_stats.h"

#include "tests/support/simulated_process.h"

using namespace palloscope::core;
using palloscope::test::SimulatedProcess;

namespace {

std::string line_with(const std::string& text, const std::string& part) {
  for (std::size_t start = 0; start < text.size();) {
    std::size_t end = text.find('\n', start);
    std::string line = text.substr(start, end - start);
    if (line.find(part) != std::string::npos) return line;
    start = end + 1;
  }
  return "";
}

}  // namespace

TEST_CASE("An identifier is cut between characters, and its control characters become spaces") {
  CHECK(shown_identifier("") == "");
  CHECK(shown_identifier("a\tb\nc\x7F") == "a b c\x7F");
  CHECK(shown_identifier(std::string(100, 'x')) == std::string(100, 'x'));
  CHECK(shown_identifier(std::string(101, 'x')) == std::string(100, 'x') + "...");
  CHECK(shown_identifier(std::string(99, 'a') + "\u00e9bb") == std::string(99, 'a') + "...");
  CHECK(shown_identifier(std::string(98, 'a') + "\u00e9bb") == std::string(98, 'a') + "\u00e9...");
}

TEST_CASE("A hash table is shown under its own name") {
  SimulatedProcess p(17);
  p.process.memory_context_set_identifier(p.create("dynahash"), "Portal hash");
  p.create("dynahash", kSmallSizes);
  std::string text = p.process.memory_context_stats(p.process.top_memory_context());
  CHECK(line_with(text, "Portal hash") == "  Portal hash: 8192 total in 1 blocks; 7952 free (0 chunks); 240 used");
  CHECK(line_with(text, "dynahash") == "  dynahash: 1024 total in 1 blocks; 784 free (0 chunks); 240 used");
}

TEST_CASE("An empty identifier leaves its colon") {
  SimulatedProcess p(17);
  Address context = p.create("c");
  p.process.memory_context_set_identifier(context, "");
  CHECK(p.process.memory_context_stats_line(context) == "c: 8192 total in 1 blocks; 7952 free (0 chunks); 240 used: ");
}

TEST_CASE("Children beyond the limit are summed up, counted as the version counts") {
  for (int major = 15; major <= 18; ++major) {
    SimulatedProcess p(major);
    Address root = p.create("root");
    for (int i = 0; i < 7; ++i) {
      Address child = p.process.alloc_set_context_create(root, "child", kSmallSizes);
      p.process.alloc_set_context_create(child, "grandchild", kSmallSizes);
    }
    std::string text = p.process.memory_context_stats(root, 5);
    std::string used = std::to_string(4 * (major <= 16 ? 264 : 240));
    std::string free = std::to_string(4 * (major <= 16 ? 760 : 784));
    CHECK(line_with(text, "more child") == std::string("  ") + (major <= 16 ? "2" : "4") +
                                               " more child contexts containing 4096 total in 4 blocks; " + free +
                                               " free (0 chunks); " + used + " used");
    CHECK(line_with(text, "Grand total").substr(0, 37) == "Grand total: 22528 bytes in 15 blocks");
  }
}

TEST_CASE("Since 17 the text stops at depth 100, before it does not") {
  for (int major : {16, 17}) {
    SimulatedProcess p(major);
    Address at = p.create("level 1");
    for (int level = 2; level <= 5000; ++level) {
      at = p.process.alloc_set_context_create(at, "level " + std::to_string(level), kSmallSizes);
    }
    std::string text = p.process.memory_context_stats(p.process.top_memory_context());
    CHECK(line_with(text, "level 100:").substr(0, 210) == std::string(200, ' ') + "level 100:");
    if (major == 16) {
      CHECK(line_with(text, "level 5000:") != "");
      CHECK(line_with(text, "more child") == "");
    } else {
      CHECK(line_with(text, "level 101:") == "");
      CHECK(line_with(text, "more child").substr(0, 238) ==
            std::string(202, ' ') + "4900 more child contexts containing ");
    }
  }
}
