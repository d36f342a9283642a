#include "gui/format_text.h"

#include "tests/support/catch.h"

using namespace palloscope::gui;

TEST_CASE("bytes are shown in PostgreSQL's units with at most one decimal") {
  REQUIRE(format_bytes(0) == "0 B");
  REQUIRE(format_bytes(1023) == "1023 B");
  REQUIRE(format_bytes(1024) == "1 kB");
  REQUIRE(format_bytes(8192) == "8 kB");
  REQUIRE(format_bytes(1536) == "1.5 kB");
  REQUIRE(format_bytes(1258291) == "1.2 MB");
  REQUIRE(format_bytes(1024 * 1024 - 1) == "1 MB");
  REQUIRE(format_bytes(3ull << 30) == "3 GB");
  REQUIRE(format_bytes(~0ull) == "16 EB");
}

TEST_CASE("numbers from 10 000 on have thin spaces") {
  REQUIRE(format_count(9999) == "9999");
  REQUIRE(format_count(10000) == "10\u202F000");
  REQUIRE(format_count(1234567) == "1\u202F234\u202F567");
  REQUIRE(format_bytes_exactly(1258291) == "1\u202F258\u202F291 B");
}

TEST_CASE("changes carry their sign") {
  REQUIRE(format_change(128) == "+128 B");
  REQUIRE(format_change(-8192) == "\u22128 kB");
  REQUIRE(format_change(0) == "\u00B10 B");
  REQUIRE(format_change(INT64_MIN) == "\u22128 EB");
}

TEST_CASE("addresses are grouped by four digits") {
  REQUIRE(format_address({0x7f1234567890}) == "7f12\u202F3456\u202F7890");
  REQUIRE(format_address({0x10}) == "0000\u202F0010");
  REQUIRE(format_address_plain({0x10}) == "0x10");
}
