// palloscope shmem: its three formats, and what it refuses.
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "tests/gui/support/verb_run.h"
#include "tests/support/catch.h"
#include "tests/support/golden_files.h"

namespace palloscope::gui::cli {
namespace {

using Catch::Matchers::ContainsSubstring;

std::multiset<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::multiset<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.insert(line);
  return lines;
}

}  // namespace

TEST_CASE("shmem's CSV has the rows of the real view") {
  for (const std::string major : {"15", "16", "17", "18"}) {
    const Outcome outcome = run(
        {"shmem", "--pg", major, "--set", "shared_buffers=128MB", "--set", "max_connections=100", "--format", "csv"});
    CHECK(outcome.status == kExitGood);
    CHECK(outcome.err.empty());
    CHECK(lines_of(outcome.out) ==
          lines_of(palloscope::test::read_golden("views/pg" + major + "-shmem-allocations-128MB.csv")));
  }
}

TEST_CASE("shmem's text says what each structure is for and how sure its size is") {
  const Outcome outcome = run({"shmem", "--pg", "17", "--set", "shared_buffers=256MB"});
  CHECK(outcome.status == kExitGood);
  CHECK_THAT(outcome.out, ContainsSubstring("shared_buffers = 256MB"));
  CHECK_THAT(outcome.out, ContainsSubstring("rule      Buffer Blocks: the pages"));
  CHECK_THAT(outcome.out, ContainsSubstring("measured  Control File: "));
  CHECK_THAT(outcome.out, ContainsSubstring("shared_memory_size = 279MB"));
  const Outcome unknown = run({"shmem", "--pg", "18", "--set", "io_method=io_uring"});
  CHECK_THAT(unknown.out, ContainsSubstring("?  unknown   AioUring"));
  CHECK_THAT(unknown.out, ContainsSubstring("\nHuge pages of 2.0 MB: at least ") &&
                              ContainsSubstring("the mapping takes at least "));
}

TEST_CASE("shmem's JSON has settings, huge pages and every piece") {
  const Outcome outcome = run({"shmem", "--pg", "18", "--format", "json", "--huge-page-size", "1GB", "--request", "1MB",
                               "--tranche", "mine=3"});
  REQUIRE(outcome.status == kExitGood);
  const auto root = nlohmann::json::parse(outcome.out);
  CHECK(root["settings"]["shared_buffers"] == "128MB");
  CHECK(root["huge_pages"]["page_bytes"] == 1 << 30);
  CHECK(root["huge_pages"]["mapped_pages"] == 1);
  CHECK(root["complete"] == true);
  CHECK(root["allocations"].size() > 90);
  CHECK(root["allocations"][0]["off"] == 0);
}

TEST_CASE("shmem says what becomes of a huge_page_size that a kernel may not have") {
  const auto note = [](const char* size, const char* tried) {
    return run({"shmem", "--set", std::string("huge_page_size=") + size, "--set", std::string("huge_pages=") + tried})
        .out;
  };
  CHECK_THAT(note("3MB", "try"),
             ContainsSubstring("no power of two: the server takes it, but asks the kernel for pages of 4.0 MB") &&
                 ContainsSubstring("starts with pages of 4 kB"));
  CHECK_THAT(note("16MB", "on"), ContainsSubstring("it does not start"));
  CHECK_THAT(note("1536kB", "try"), ContainsSubstring("pages of 2.0 MB, so the mapping is another"));
  for (const char* usual : {"0", "2MB", "1GB"}) CHECK_THAT(note(usual, "try"), !ContainsSubstring("asks the kernel"));
  CHECK_THAT(note("3MB", "off"), !ContainsSubstring("asks the kernel"));
}

TEST_CASE("shmem refuses settings in one line that says why") {
  for (const auto& [assignment, words] : {std::pair<std::string, std::string>{"shared_buffers=1kB", "out of range"},
                                          {"work_mem=4MB", "no setting that changes the size"},
                                          {"transaction_buffers=32", "came with 17"},
                                          {"max_connections", "write it as"},
                                          {"shared_bufers=1GB", "did you mean shared_buffers?"}}) {
    const Outcome outcome = run({"shmem", "--pg", "16", "--set", assignment});
    CHECK(outcome.status == kExitBad);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, ContainsSubstring(words));
  }
  CHECK(run({"shmem", "--pg", "14"}).status == kExitBad);
  CHECK(run({"shmem", "--request", "lots"}).status == kExitBad);
  CHECK(run({"shmem", "--tranche", "mine=x"}).status == kExitBad);
}

}  // namespace palloscope::gui::cli
