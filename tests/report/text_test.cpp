#include "supervisor/report/text.hpp"

#include <gtest/gtest.h>

namespace fluxpg::report {
namespace {

TEST(Text, WritesDatesInUtc) {
  EXPECT_EQ(utc(0), "1970-01-01 00:00:00 UTC");
  EXPECT_EQ(utc(1'709'210'096'789), "2024-02-29 12:34:56 UTC");
  EXPECT_EQ(iso_date(1'709'210'096'789), "2024-02-29T12:34:56.789Z");
  EXPECT_EQ(iso_date(-1), "1969-12-31T23:59:59.999Z");
}

TEST(Text, WritesDurationsInOneUnit) {
  EXPECT_EQ(span(0.9), "0 s");
  EXPECT_EQ(span(119.9), "119 s");
  EXPECT_EQ(span(120), "2 min");
  EXPECT_EQ(span(7200), "2 h");
  EXPECT_EQ(span(172800), "2 d");
}

TEST(Text, WrapsAtSpacesAndKeepsLongWordsWhole) {
  EXPECT_EQ(wrapped("one two three", 7, 2), "one two\n  three");
  EXPECT_EQ(wrapped("abcdefghij k", 4, 0), "abcdefghij\nk");
  EXPECT_EQ(wrapped("", 4, 0), "");
}

TEST(Text, CountsCharactersNotBytes) { EXPECT_EQ(columns("caf\u00e9 \u65e5"), 6U); }

TEST(Text, ReplacesControlCharacters) { EXPECT_EQ(printable("a\033[1m\n\x7f\xc2\x9b\u00e9"), "a?[1m???\u00e9"); }

TEST(Table, AlignsItsColumnsAndPutsALongLastCellBelow) {
  Table table({"A", "NOTE"});
  table.add({"caf\u00e9", "one two three"});
  table.add({"b", "one two three four five six seven"});
  TextOptions options;
  options.width = 32;
  EXPECT_EQ(table.text(options), "  A     NOTE\n  caf\u00e9  one two three\n  b\n      one two three four five\n      six seven\n");
}

}  // namespace
}  // namespace fluxpg::report
