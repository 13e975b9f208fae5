package preflight

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
)

// engines finds the tables of engines without transactions.
func engines(_ context.Context, e *examination) ([]Finding, error) {
	f := Finding{
		Severity: Warning, What: "tables whose engine has no snapshots",
		Why: "the dump reads them under a lock, first, and their writers wait until it is done; a load of them that is interrupted begins again",
		Fix: "convert them to InnoDB, or dump while nothing writes to them",
	}
	if e.Target != nil && e.Target.Facts.Product == mysql.Aurora {
		f.Why += "; Aurora has InnoDB only: the load makes them InnoDB tables"
	}
	return found(e.onTables(func(t *catalog.Table) (string, string, bool) {
		return "engine " + t.Engine, "ALTER TABLE " + t.Quoted() + " ENGINE=InnoDB", !t.Transactional && t.Engine != ""
	}), f), nil
}

// compressed finds ROW_FORMAT=COMPRESSED, and MariaDB's page compression.
func compressed(ctx context.Context, e *examination) ([]Finding, error) {
	details, err := e.tableDetails(ctx)
	if err != nil {
		return nil, err
	}
	f := Finding{
		Severity: Note, What: "compressed tables", Why: "the rows travel and are loaded uncompressed first: plan for their real size",
		Fix: "none is needed where the target compresses too; else ROW_FORMAT=DYNAMIC",
	}
	if e.Target != nil && e.Target.Facts.Product == mysql.Aurora {
		f.Severity, f.Why = Warning, "Aurora has no compressed tables: their data grows, up to twice"
	}
	return found(e.onTables(func(t *catalog.Table) (string, string, bool) {
		d := details[[2]string{t.Schema, t.Name}]
		is := d.rowFormat == "compressed" || strings.Contains(d.options, "key_block_size") || strings.Contains(d.options, "page_compressed")
		return d.options, "ALTER TABLE " + t.Quoted() + " ROW_FORMAT=DYNAMIC KEY_BLOCK_SIZE=0", is
	}), f), err
}

// keyless finds tables without a primary key or a unique one that is NOT NULL.
func keyless(ctx context.Context, e *examination) ([]Finding, error) {
	f := Finding{
		Severity: Warning, What: "tables without a primary key and without a unique key that is NOT NULL",
		Why: "each is read by one thread unless it has partitions, loaded from its beginning after an interruption, and its replication searches all rows for each changed one",
		Fix: "add a primary key; INVISIBLE, where the server knows that, keeps it from SELECT *",
	}
	primary := false // the target wants a primary key
	if e.Target != nil {
		required, err := session(ctx, e.Target, "sql_require_primary_key")
		if err != nil {
			return nil, err
		}
		if primary = required == "1"; primary {
			f.Severity, f.What = Error, "tables without a primary key"
			f.Why = "the target has sql_require_primary_key=ON and the account may not switch it off for its sessions: CREATE TABLE fails (error 3750)"
			f.Fix = "add a primary key, " + e.setting(e.Target, "sql_require_primary_key", "OFF") + ", or grant SESSION_VARIABLES_ADMIN"
		}
	}
	return found(e.onTables(func(t *catalog.Table) (string, string, bool) {
		add := "ALTER TABLE " + t.Quoted() + " ADD COLUMN `gomove_id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY"
		return "", add + e.invisibleWord(), !hasKey(t, primary)
	}), f), nil
}

// invisibleWord hides a column from SELECT * where the source can.
func (e *examination) invisibleWord() string {
	if f := &e.Source.Facts; f.AtLeast(mysql.MySQL, 80023) || f.AtLeast(mysql.MariaDB, 100303) {
		return " INVISIBLE"
	}
	return ""
}

// hasKey reports a primary key, or, unless only that counts, another unique one whose columns are whole and NOT NULL.
func hasKey(t *catalog.Table, primary bool) bool {
	for _, i := range t.Indexes {
		if i.Name == "PRIMARY" {
			return true
		}
		whole := i.Unique && !primary
		for _, p := range i.Parts {
			whole = whole && p.Column != "" && !p.Nullable && !p.Prefix
		}
		if whole {
			return true
		}
	}
	return false
}

// session reads a variable as the load's sessions have it after what they set; "" where the server has no such variable.
func session(ctx context.Context, s *mysql.Server, variable string) (value string, err error) {
	if _, has := s.Facts.Variables[variable]; !has {
		return "", nil
	}
	err = s.DB().QueryRowContext(ctx, "SELECT @@session."+variable).Scan(&value)
	return value, err
}

// partitions finds partitioned tables.
func partitions(_ context.Context, e *examination) ([]Finding, error) {
	return found(e.onTables(func(t *catalog.Table) (string, string, bool) {
		return progress.Counted(len(t.Partitions), "partition"), "", len(t.Partitions) > 0
	}), Finding{
		Severity: Note, What: "partitioned tables", Why: "they keep their partitions; one without a usable key is read by a thread for each partition", Fix: "nothing is needed",
	}), nil
}

// largeTables finds tables whose indexes need much temporary space to build, or that the target cannot hold.
func largeTables(ctx context.Context, e *examination) ([]Finding, error) {
	details, err := e.tableDetails(ctx)
	if err != nil {
		return nil, err
	}
	var large, single []Object
	for _, t := range e.Catalog.Tables {
		bytes := details[[2]string{t.Schema, t.Name}].bytes
		if bytes < e.limits.largeTable {
			continue
		}
		large = append(large, Object{Name: t.Quoted(), Detail: progress.Bytes(bytes)})
		if !hasKey(t, false) && len(t.Partitions) == 0 {
			single = append(single, Object{Name: t.Quoted(), Detail: progress.Bytes(bytes)})
		}
	}
	return append(found(large, Finding{
		Severity: Note, What: fmt.Sprintf("tables of %s and more", progress.Bytes(e.limits.largeTable)),
		Why: "building their indexes after the rows needs temporary space on the target, about the size of the largest index; RDS limits a table to 16 TB, Aurora to 64 TB",
		Fix: "a larger instance or more storage during the load, or --defer-indexes none; for a copy of many terabytes within AWS a snapshot is quicker",
	}), found(single, Finding{
		Severity: Warning, What: "very large tables that one thread reads", Why: "they have neither a usable key nor partitions: the dump takes as long as one thread needs for the largest of them",
		Fix: "add a primary key",
	})...), nil
}

// largeValues finds columns whose values may be larger than what the target takes in a packet.
func largeValues(_ context.Context, e *examination) ([]Finding, error) {
	from, to := int64(e.Source.Facts.MaxAllowedPacket), int64(e.Target.Facts.MaxAllowedPacket)
	if to >= from {
		return nil, nil
	}
	want := fmt.Sprint(from)
	return found(e.onColumns(func(_ *catalog.Table, c *catalog.Column) (string, string, bool) {
		return c.DataType, "", mayHold(c.DataType) > to
	}), Finding{
		Severity: Warning, What: fmt.Sprintf("columns that may hold values above the target's max_allowed_packet of %s (the source has %s)", progress.Bytes(to), progress.Bytes(from)),
		Why: "a row that is larger cannot be loaded, nor read by clients (errors 1153, 2020)",
		Fix: e.setting(e.Target, "max_allowed_packet", want),
	}), nil
}

// mayHold is the largest value of a type, in bytes, as far as it can be larger than a packet.
func mayHold(dataType string) int64 {
	switch dataType {
	case "longtext", "longblob", "json", "geometry", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection":
		return 4 << 30
	case "mediumtext", "mediumblob":
		return 16 << 20
	case "text", "blob", "varchar", "varbinary", "vector":
		return 64 << 10
	}
	return 0
}

// setting says how a global variable is set on a server.
func (e *examination) setting(s *mysql.Server, name, value string) string {
	if managed(s) {
		return "set " + s.Facts.SetVariable(name, value)
	}
	return s.Facts.SetVariable(name, value) + " on the " + s.Options.Label
}

// managed reports a server on which nobody sets global variables.
func managed(s *mysql.Server) bool { return s.Facts.Product.Managed() }
