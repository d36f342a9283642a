// pg_backend_memory_contexts as CSV: quoting, selections, other columns, several moments, bad rows.
#include <string>

#include "tests/support/catch.h"
#include "tests/support/golden_files.h"
#include "tests/trace/importers/imported.h"

namespace palloscope::trace {
namespace {

using Catch::Matchers::ContainsSubstring;

constexpr const char* kHeader17 =
    "name,ident,parent,level,total_bytes,total_nblocks,free_bytes,free_chunks,used_bytes\n";

std::string with_rows(const std::string& rows) { return kHeader17 + rows; }

TEST_CASE("idents with quotes, newlines, commas and nothing in them come back as they were") {
  const std::string text = with_rows(
      "TopMemoryContext,,,0,10,1,4,0,6\n"
      "CachedPlanSource,\"select \"\"x\"\",\n\t'y'\r\n;\",TopMemoryContext,1,10,1,4,0,6\n"
      "PortalContext,\"\",TopMemoryContext,1,10,1,4,0,6\n"
      "\"a,b\",caf\xE9,TopMemoryContext,1,10,1,4,0,6\n");
  const Imported imported = import_text(text);
  REQUIRE(imported.timeline);
  CHECK(imported.problems == std::vector<std::string>{""});
  CHECK(imported.exported("csv") == text);
  CHECK_THAT(imported.exported("text"), ContainsSubstring("4 free (0 chunks); 6 used: select \"x\",  'y'  ;\n"));
}

TEST_CASE("rows without a header, with another delimiter, in another column order and with more columns are read") {
  const std::string text = test::read_golden("dumps/pg17-backend-memory-contexts.csv");
  CHECK(import_text(text.substr(text.find('\n') + 1)).exported("csv") == text);
  const std::string other =
      "pid;now;level;name;total_bytes;used_bytes;free_bytes;free_chunks;total_nblocks\n"
      "77;2026-11-21 10:00:00+00;0;TopMemoryContext;10;6;4;0;1\n"
      "77;2026-11-21 10:00:00+00;1;MessageContext;20;6;14;0;1\n"
      "77;2026-11-21 10:05:00+00;0;TopMemoryContext;12;8;4;0;1\n";
  const Imported imported = import_text(other);
  REQUIRE(imported.timeline);
  REQUIRE(imported.moments.size() == 2);
  CHECK(imported.moments[1] == core::SnapshotBegan{"2026-11-21 10:05:00+00", 77});
  CHECK(imported.exported("csv") == with_rows("TopMemoryContext,,,0,12,1,4,0,8\n"));
}

TEST_CASE("a selection of rows keeps its levels; what was not selected has no numbers") {
  const std::string to17 = with_rows(
      "index info,pg_class_oid_index,CacheMemoryContext,2,10,1,4,0,6\n"
      "index info,pg_type_oid_index,CacheMemoryContext,2,10,1,4,0,6\n"
      "ExprContext,,ExecutorState,4,10,1,4,0,6\n");
  const Imported imported = import_text(to17);
  REQUIRE(imported.timeline);
  CHECK(imported.exported("csv") == to17);
  CHECK_THAT(imported.problems.at(0), ContainsSubstring("missing"));
  CHECK(imported.timeline->state().fault_count() == 0);

  const std::string of18 =
      "name,ident,type,level,path,total_bytes,total_nblocks,free_bytes,free_chunks,used_bytes\n"
      "ExprContext,,AllocSet,3,\"{1,7,20}\",10,1,4,0,6\n"
      "PortalContext,,AllocSet,2,\"{1,9}\",10,1,4,0,6\n";
  const Imported later = import_text(of18);
  REQUIRE(later.timeline);
  CHECK(later.timeline->state().totals().context_bytes == 20);
  CHECK_THAT(later.exported("text"),
             ContainsSubstring("\n  PortalContext: ") || ContainsSubstring("  PortalContext: "));
}

TEST_CASE("rows of 18 sorted otherwise are put back into the view's order") {
  const std::string text = test::read_golden("dumps/pg18-backend-memory-contexts.csv");
  std::vector<std::string> rows;
  std::istringstream lines(text);
  std::string header;
  std::getline(lines, header);
  for (std::string line; std::getline(lines, line);) rows.push_back(line);
  std::string turned = header + "\n";
  for (auto it = rows.rbegin(); it != rows.rend(); ++it) turned += *it + "\n";
  // Going backwards, the top context comes last; nothing else begins another moment.
  CHECK(import_text(turned).exported("csv") == text);
}

TEST_CASE("bad rows are refused with their line, their column and what stood there") {
  const auto error_of = [](const std::string& rows) {
    const Imported imported = import_text(with_rows(rows), "view.csv");
    return imported.timeline ? std::string("opened") : imported.timeline.error().message;
  };
  CHECK_THAT(error_of("Top,,,0,many,1,4,0,6\n"), ContainsSubstring("view.csv: line 2: total_bytes is \"many\""));
  CHECK_THAT(error_of("Top,,,0,9223372036854775808,1,4,0,6\n"), ContainsSubstring("63 bits"));
  CHECK_THAT(error_of("Top,,,-1,1,1,4,0,6\n"), ContainsSubstring("level is \"-1\""));
  CHECK_THAT(error_of("Top,,,0,1\n"), ContainsSubstring("line 2: only 5 columns"));
  CHECK_THAT(error_of("Top,\"open quote,,0,1,1,4,0,6\n"), ContainsSubstring("no memory contexts found"));
  CHECK_THAT(import_text("name,level,used_bytes\n").timeline.error().message,
             ContainsSubstring("the column total_bytes of pg_backend_memory_contexts is missing"));
}

}  // namespace
}  // namespace palloscope::trace
