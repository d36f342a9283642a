// Whether a variable is read again is asked of the text alone.
#include "core/scenario/variable_uses.h"

#include "tests/support/catch.h"

using palloscope::core::VariableUses;
using Next = VariableUses::Next;

TEST_CASE("the next mention of a variable decides whether it is read or set") {
  const VariableUses uses(
      "p = palloc(1)\n"             // 1
      "MemoryContextReset(c)\n"     // 2
      "-- p in a comment\n"         // 3
      "print('p', \"p\", [[p]])\n"  // 4
      "t.p = 3 t:p()\n"             // 5
      "print(p)\n"                  // 6
      "p, q = nil, nil\n"           // 7
      "print(q == 3)\n"             // 8
      "p = repalloc(p, 10)\n"       // 9
      "function p() end\n"          // 10
      "--[[ p\n p ]] local q = p\n");
  CHECK(uses.next("p", 2, 99) == Next::Read);
  CHECK(uses.next("p", 2, 5) == Next::None);
  CHECK(uses.next("p", 6, 99) == Next::Set);
  CHECK(uses.next("q", 2, 99) == Next::Set);
  CHECK(uses.next("q", 7, 99) == Next::Set);  // what stands on the line itself sets it
  CHECK(uses.next("p", 8, 99) == Next::Set);
  CHECK(uses.next("p", 9, 99) == Next::Set);
  CHECK(uses.next("p", 11, 99) == Next::Read);
  CHECK(uses.next("r", 1, 99) == Next::None);
}

TEST_CASE("texts that end in the middle of something are read to their end") {
  for (const char* text : {"p = '", "p = [[", "--[==[ p", "p", "p,", "p = \"\\", "[=", "p ="}) {
    const VariableUses uses(text);
    CHECK(uses.next("p", 1, 9) != Next::Read);
  }
}
