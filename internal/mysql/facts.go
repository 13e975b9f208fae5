package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// askFacts finds out what a server says of itself.
func askFacts(ctx context.Context, db *sql.DB) (*Facts, error) {
	f := &Facts{Variables: map[string]string{}}
	if err := db.QueryRowContext(ctx, "SELECT CURRENT_USER()").Scan(&f.User); err != nil {
		return nil, err
	}
	if err := readVariables(ctx, db, f.Variables); err != nil {
		return nil, fmt.Errorf("read the server's variables: %w", err)
	}
	f.Version = f.Variables["version"]
	f.VersionComment = f.Variables["version_comment"]
	f.Flavor = flavorOf(f.Version, f.VersionComment)
	f.Number = versionNumber(f.Version)
	f.UUID = f.Variables["server_uuid"]
	if f.Flavor == MariaDB {
		f.UUID = "" // server_uid since 10.10 is another thing
	}
	f.Hostname = f.Variables["hostname"]
	f.ServerID, _ = strconv.ParseUint(f.Variables["server_id"], 10, 64)
	f.Port, _ = strconv.Atoi(f.Variables["port"])
	f.LowerCaseTableNames, _ = strconv.Atoi(f.Variables["lower_case_table_names"])
	f.MaxAllowedPacket, _ = strconv.Atoi(f.Variables["max_allowed_packet"])
	f.LocalInfile = f.on("local_infile")
	f.LogBin = f.on("log_bin")
	f.ReadOnly = f.on("read_only") || f.on("super_read_only") || f.on("innodb_read_only")
	if f.Number == 0 {
		return nil, fmt.Errorf("version %q is not one of a MySQL-compatible server", f.Version)
	}
	return f, nil
}

func readVariables(ctx context.Context, db *sql.DB, into map[string]string) (err error) {
	rows, err := db.QueryContext(ctx, "SHOW GLOBAL VARIABLES")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		var value sql.NullString
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		into[strings.ToLower(name)] = value.String
	}
	return rows.Err()
}

// askExplicitTimestamps reports whether a bare TIMESTAMP column gets no defaults that its CREATE TABLE does not name.
func askExplicitTimestamps(ctx context.Context, db *sql.DB, f *Facts) bool {
	var on bool
	err := db.QueryRowContext(ctx, "SELECT @@session.explicit_defaults_for_timestamp").Scan(&on)
	if err != nil {
		return f.Flavor != MariaDB && f.Number >= 90000 // gone, as nothing else is left
	}
	return on
}

func (f *Facts) on(variable string) bool {
	switch strings.ToUpper(f.Variables[variable]) {
	case "ON", "1", "YES", "TRUE":
		return true
	}
	// MariaDB 12's read_only also has names for its degrees.
	return strings.HasPrefix(strings.ToUpper(f.Variables[variable]), "NO_LOCK")
}

// LocksNumbers reports a server that lets LOAD DATA into a table with AUTO_INCREMENT wait for the one before it, to the end of that statement: the
// default of MariaDB, and of MySQL before 8.0 (https://dev.mysql.com/doc/refman/5.7/en/innodb-auto-increment-handling.html).
func (f *Facts) LocksNumbers() bool {
	mode := f.Variables["innodb_autoinc_lock_mode"]
	return mode == "0" || mode == "1"
}

// PrintsSlowly reports a server that spends about two fifths of its time on printing integers, where it reads narrow rows: MariaDB, and
// MySQL before 8.0 (docs/performance.md).
func (f *Facts) PrintsSlowly() bool { return f.Flavor == MariaDB || f.Number < 80000 }

// AuroraVersion is Aurora MySQL's own version, such as 3.08.0; empty on every other server.
func (f *Facts) AuroraVersion() string { return f.Variables["aurora_version"] }

// AtLeast reports whether the server is of this flavour and at least of this version number.
// Percona Server counts as MySQL.
func (f *Facts) AtLeast(flavor Flavor, number int) bool {
	is := f.Flavor
	if is == Percona && flavor == MySQL {
		is = MySQL
	}
	return is == flavor && f.Number >= number
}

func flavorOf(version, comment string) Flavor {
	version, comment = strings.ToLower(version), strings.ToLower(comment)
	switch {
	case strings.Contains(version, "mariadb"), strings.Contains(comment, "mariadb"):
		return MariaDB
	case strings.Contains(comment, "percona"):
		return Percona
	}
	return MySQL
}

// versionNumber turns 10.11.19-MariaDB into 101119; 0 when there is no number in front.
func versionNumber(version string) int {
	// MariaDB up to 10.x put 5.5.5- in front for old replicas.
	if rest, ok := strings.CutPrefix(version, "5.5.5-"); ok && strings.Contains(rest, "MariaDB") {
		version = rest
	}
	parts := strings.SplitN(version, ".", 3)
	n := 0
	for i := range 3 {
		v := 0
		if i < len(parts) {
			v = leadingNumber(parts[i])
		}
		if v < 0 || i == 0 && v == 0 {
			return 0
		}
		n = n*100 + v
	}
	return n
}

func leadingNumber(s string) int {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil {
		return -1
	}
	return n
}
