#include <cctype>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/support/source_tree.h"
#include "trace/file/trace_writer.h"

using namespace palloscope;
using namespace palloscope::trace;

namespace {

// The bytes of trace/README.md's worked example: lines "offset  bytes  what they are".
Bytes example_in_readme() {
  std::istringstream readme(test::read_file(test::in_source_tree("trace/README.md")));
  Bytes bytes;
  bool within = false;
  for (std::string line; std::getline(readme, line);) {
    if (line == "```") within = !within;
    if (!within || line.size() < 8 || !std::isxdigit(static_cast<unsigned char>(line[0]))) continue;
    CAPTURE(line);
    CHECK(std::stoul(line.substr(0, 4), nullptr, 16) == bytes.size());
    for (std::size_t at = 6; at + 2 <= line.size() && line[at] != ' '; at += 3)
      bytes.push_back(static_cast<std::uint8_t>(std::stoul(line.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

}  // namespace

TEST_CASE("the README's worked example is what the writer writes") {
  Bytes file;
  TraceWriter writer(
      [&](ByteSpan bytes) -> core::Status {
        file.insert(file.end(), bytes.begin(), bytes.end());
        return core::Done{};
      },
      {core::SourceKind::Scenario, 17, false, "tiny", "README"},
      {.compression = Compression::None, .flush_after = std::chrono::milliseconds{0}});

  core::ContextCreated created;
  created.context = {0};
  created.region = {0};
  created.at = {0x10000};
  created.init_block_bytes = created.chunk_limit_bytes = 8192;
  created.max_block_bytes = 8388608;
  created.recycle_list = 0;
  created.name = "demo";
  core::BlockAdded keeper;
  keeper.block = {0};
  keeper.context = {0};
  keeper.role = core::BlockRole::Keeper;
  keeper.header = {0x100c8};
  keeper.free_start = {0x100f0};
  keeper.accounted_bytes = 8192;
  core::ChunkAllocated allocated;
  allocated.chunk = {0};
  allocated.block = {0};
  allocated.at = {0x100f8};
  allocated.requested_bytes = 100;
  allocated.granted_bytes = 128;
  allocated.size_class = 4;
  core::ChunkFreed freed;
  freed.chunk = {0};

  writer.emit(core::Malloc{{0}, {0x10000}, 8192});
  writer.emit(created);
  writer.emit(keeper);
  writer.emit(allocated);
  writer.emit(freed);
  REQUIRE(writer.close());
  CHECK(file == example_in_readme());
}
