package loader

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/testdb"
)

// shop is a dump with every kind of object.
func shop(schema string, format dump.Format) *testDump {
	orders := testTable{
		name: "orders",
		create: "CREATE TABLE `orders` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `customer` int(11) DEFAULT NULL,\n  `note` varchar(50) CHARACTER SET latin1 DEFAULT NULL,\n" +
			"  `data` blob,\n  PRIMARY KEY (`id`),\n  UNIQUE KEY `note` (`note`),\n  KEY `customer` (`customer`),\n" +
			"  CONSTRAINT `fk` FOREIGN KEY (`customer`) REFERENCES `customers` (`id`) ON DELETE CASCADE\n) ENGINE=InnoDB AUTO_INCREMENT=9001 DEFAULT CHARSET=utf8mb4",
		cols: []dump.Column{plainColumn("id", "int(11)"), plainColumn("customer", "int(11)"), textColumn("note", "varchar(50)", "latin1"),
			{Name: "data", Type: "blob", Encoding: dump.Bytes, Nullable: true}},
		perChunk: 700,
		names:    []string{"tr"},
		triggers: "/*!50003 SET @saved_cs_client = @@character_set_client */;\n/*!50003 SET character_set_client = latin1 */;\n" +
			"/*!50003 SET collation_connection = latin1_swedish_ci */;\nSET sql_mode='NO_BACKSLASH_ESCAPES';\nDELIMITER ;;\n" +
			"CREATE DEFINER=`nobody`@`nowhere` TRIGGER `tr` BEFORE INSERT ON `orders` FOR EACH ROW BEGIN\n  SET NEW.note = CONCAT(NEW.note, '\\', _latin1 '\xe9');\nEND;;\nDELIMITER ;\n",
	}
	for i := 1; i <= 3000; i++ {
		orders.rows = append(orders.rows, []any{i, i%10 + 1, fmt.Sprintf("note \xe9 \"%d\\", i), "\x00\n\r\x1a,\"\\" + fmt.Sprint(i)})
	}
	customers := numbered(10, 0)
	customers.name = "customers"
	customers.create = strings.Replace(customers.create, "`t`", "`customers`", 1)
	empty := numbered(0, 0)
	empty.name = "empty"
	empty.create = strings.Replace(strings.Replace(empty.create, "`t`", "`empty`", 1), " AUTO_INCREMENT=5", "", 1)
	return &testDump{
		schema: schema, format: format, tables: []testTable{orders, customers, empty},
		views: [][2]string{
			{"a_needs_b", "CREATE ALGORITHM=UNDEFINED DEFINER=`nobody`@`nowhere` SQL SECURITY DEFINER VIEW `a_needs_b` AS select `b`.`id` AS `id` from `b`;\n"},
			{"b", "CREATE ALGORITHM=UNDEFINED DEFINER=`nobody`@`nowhere` SQL SECURITY DEFINER VIEW `b` AS select `orders`.`id` AS `id`, double_it(2) AS `d` from `orders`;\n"},
		},
		procs: []string{"function double_it"}, events: []string{"ev", "off"},
		post: "SET character_set_client=utf8mb4;\nSET sql_mode='STRICT_TRANS_TABLES';\nDELIMITER ;;\n" +
			"CREATE DEFINER=`nobody`@`nowhere` FUNCTION `double_it`(n INT) RETURNS int(11) DETERMINISTIC NO SQL BEGIN DECLARE x INT DEFAULT 0; RETURN n*2; END;;\n" +
			"CREATE DEFINER=`nobody`@`nowhere` EVENT `ev` ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE DO SELECT 1;;\n" +
			"CREATE DEFINER=`nobody`@`nowhere` EVENT `off` ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO SELECT 1;;\nDELIMITER ;\n",
	}
}

func TestLoadWhole(t *testing.T) {
	for _, format := range []dump.Format{dump.CSV, dump.SQL} {
		t.Run(string(format), func(t *testing.T) {
			eachServer(t, func(t *testing.T, s *testdb.Server) { testWhole(t, s, format, ViaAuto) })
		})
	}
	t.Run("insert", func(t *testing.T) {
		eachServer(t, func(t *testing.T, s *testdb.Server) { testWhole(t, s, dump.CSV, ViaInsert) })
	})
}

func testWhole(t *testing.T, s *testdb.Server, format dump.Format, via Via) {
	schema := freshSchema(t, s)
	d := shop(schema, format)
	o := options(s, d.write(t))
	o.Via = via
	sum, err := run(t, o)
	must(t, err)
	db := s.DB(t)
	wantRows(t, db, schema+".orders", 3000)
	wantRows(t, db, schema+".empty", 0)
	wantRows(t, db, schema+".a_needs_b", 3000)
	if got := count(t, db, "SELECT COUNT(*) FROM "+schema+".orders WHERE HEX(note)=CONCAT(HEX(_latin1 'note '),'E9',HEX(CONCAT(' \"',id,'\\\\'))) AND data=CONCAT(X'000A0D1A2C225C',id)"); got != 3000 {
		t.Errorf("%d rows are as they were dumped, want 3000", got)
	}
	wantShopKeys(t, db, schema)
	if got := count(t, db, "SELECT COUNT(*) FROM information_schema.events WHERE event_schema='"+schema+"' AND status='DISABLED'"); got != 2 {
		t.Errorf("%d disabled events, want 2", got)
	}
	checkTrigger(t, s, schema)
	noProgress(t, db)
	if !sum.Complete || sum.Tables != 3 || sum.Rows != 3010 || sum.Views != 2 || sum.Routines != 1 || sum.Triggers != 1 || sum.Events != 2 || sum.Chunks != 6 {
		t.Errorf("summary %+v", sum)
	}
	if len(sum.Definers) != 1 || sum.Definers[0].Count != 6 || len(sum.EventsDisabled) != 1 {
		t.Errorf("definers %+v, disabled events %v", sum.Definers, sum.EventsDisabled)
	}
}

// wantShopKeys looks for the indexes and the foreign key of the shop.
func wantShopKeys(t *testing.T, db *sql.DB, schema string) {
	t.Helper()
	if got := count(t, db, "SELECT COUNT(DISTINCT index_name) FROM information_schema.statistics WHERE table_schema='"+schema+"' AND table_name='orders'"); got != 3 {
		t.Errorf("orders has %d indexes, want 3", got)
	}
	if got := count(t, db, "SELECT COUNT(*) FROM information_schema.table_constraints WHERE constraint_type='FOREIGN KEY' AND table_schema='"+schema+"'"); got != 1 {
		t.Errorf("%d foreign keys, want 1", got)
	}
}

// checkTrigger looks at what must survive: the body's bytes, charset and sql_mode.
func checkTrigger(t *testing.T, s *testdb.Server, schema string) {
	t.Helper()
	db := s.DB(t)
	var client, mode, body string
	must(t, db.QueryRowContext(t.Context(), "SELECT character_set_client, sql_mode, HEX(action_statement) FROM information_schema.triggers WHERE trigger_schema='"+schema+"'").Scan(&client, &mode, &body))
	if client != "latin1" || mode != "NO_BACKSLASH_ESCAPES" {
		t.Errorf("trigger has charset %s, mode %s", client, mode)
	}
	s.Exec(t, "INSERT INTO "+schema+".orders (id, note) VALUES (8000,'x')")
	var note string
	must(t, db.QueryRowContext(t.Context(), "SELECT HEX(note) FROM "+schema+".orders WHERE id=8000").Scan(&note))
	if note != "785CE9" {
		t.Errorf("the trigger wrote %s, want 785CE9", note)
	}
	if got := count(t, db, "SELECT MAX(id) FROM "+schema+".orders"); got != 8000 {
		t.Error(got)
	}
	s.Exec(t, "INSERT INTO "+schema+".orders (note) VALUES ('y')")
	if got := count(t, db, "SELECT MAX(id) FROM "+schema+".orders"); got != 9001 {
		t.Errorf("AUTO_INCREMENT gave %d, want 9001", got)
	}
	if got := count(t, db, "SELECT COUNT(*) FROM "+schema+".orders WHERE customer=5"); got != 300 {
		t.Error(got)
	}
}

func TestLoadChunkFailures(t *testing.T) {
	latin := func(rows ...[]any) testTable {
		return testTable{
			name:   "t",
			create: "CREATE TABLE `t` (\n  `id` tinyint NOT NULL,\n  `v` varchar(3) CHARACTER SET utf8mb4 DEFAULT NULL,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB",
			cols:   []dump.Column{plainColumn("id", "tinyint"), textColumn("v", "varchar(3)", "utf8mb4")},
			rows:   rows,
		}
	}
	for _, c := range []struct {
		name  string
		table testTable
		want  []string
	}{
		{"duplicate", latin([]any{1, "a"}, []any{2, "b"}, []any{1, "c"}), []string{"`t`", "t.00000.csv", "Duplicate entry '1'"}},
		{"truncation", latin([]any{1, "a"}, []any{2, "abcd"}), []string{"column 'v' at row 2"}},
		{"out of range", latin([]any{1, "a"}, []any{1000, "b"}), []string{"column 'id' at row 2"}},
		{"invalid text", latin([]any{1, "\xff\xfe"}), []string{"column"}},
		{"null", testTable{
			name: "t", create: "CREATE TABLE `t` (`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB",
			cols: []dump.Column{plainColumn("id", "int")}, rows: [][]any{{1}, {nil}},
		}, []string{"id"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachServer(t, func(t *testing.T, s *testdb.Server) {
				for _, via := range []Via{ViaLocalInfile, ViaInsert} {
					t.Run(string(via), func(t *testing.T) {
						schema := freshSchema(t, s)
						d := &testDump{schema: schema, tables: []testTable{c.table}}
						o := options(s, d.write(t))
						o.Via = via
						sum, err := run(t, o)
						wantError(t, err, nil, c.want...)
						if sum == nil || sum.Complete || sum.Rows != 0 {
							t.Errorf("summary %+v", sum)
						}
						wantRows(t, s.DB(t), schema+".t", 0)
						if n := count(t, s.DB(t), "SELECT COUNT(*) FROM gomove.progress WHERE kind='chunk'"); n != 0 {
							t.Errorf("%d progress rows of chunks", n)
						}
					})
				}
			})
		})
	}
}
