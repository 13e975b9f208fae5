package preflight

import (
	"context"
	"strings"
)

// check is one unit: what it looks for, what it needs, and how it finds it.
type check struct {
	id    string
	title string
	needs needs
	free  bool // asks the servers nothing that Subject does not hold, but of tables that the account may read by rights of their own
	defs  bool // about definitions, which --no-schema leaves out
	find  func(ctx context.Context, e *examination) ([]Finding, error)
}

// needs is the servers without which a check has nothing to look at.
type needs int

const (
	sourceOnly needs = iota // a target may change how grave a finding is
	both
)

// checks are all of them, by id.
func checks() []check {
	return []check{
		{"P01", "tables without snapshots", sourceOnly, true, false, engines},
		{"P02", "compressed tables", sourceOnly, false, true, compressed},
		{"P03", "tables without a key", sourceOnly, false, false, keyless},
		{"P04", "definers", sourceOnly, false, true, definers},
		{"P05", "defaults that are zero dates", sourceOnly, false, true, zeroDates},
		{"P06", "generated columns", sourceOnly, true, false, generated},
		{"P07", "invisible columns", sourceOnly, true, false, invisible},
		{"P08", "AUTO_INCREMENT on FLOAT or DOUBLE", sourceOnly, true, true, floatingNumbers},
		{"P09", "character sets and collations", sourceOnly, false, true, collations},
		{"P10", "partitions", sourceOnly, true, false, partitions},
		{"P11", "foreign keys that cascade", sourceOnly, false, true, cascades},
		{"P12", "foreign keys to what is not unique", sourceOnly, false, true, nonStandardKeys},
		{"P13", "settings that differ", both, true, false, settings},
		{"P14", "foreign keys between engines", sourceOnly, false, true, mixedEngines},
		{"P15", "long members of ENUM and SET", sourceOnly, true, true, longMembers},
		{"P16", "very large tables", sourceOnly, false, false, largeTables},
		{"P17", "upper and lower case of names", sourceOnly, true, false, nameCase},
		{"P18", "values that are larger than a packet", both, true, false, largeValues},
		{"P19", "rights on the source", sourceOnly, true, false, sourceRights},
		{"P20", "rights on the target", both, false, false, targetRights},
		{"P21", "one consistent snapshot", sourceOnly, true, false, snapshotRights},
		{"P22", "binary log of the source", sourceOnly, true, false, binaryLog},
		{"P23", "the source is a replica", sourceOnly, false, false, sourceReplica},
		{"P24", "the target takes writes", both, false, false, writable},
		{"P25", "what the target has already", both, false, false, occupied},
		{"P26", "what the target cannot hold", both, false, true, adaptations},
		{"P27", "removed functions and sql modes", both, false, true, removedWords},
		{"P28", "accounts", sourceOnly, false, false, accounts},
		{"P29", "functions and triggers under a binary log", both, false, true, trustedCreators},
		{"P30", "events", sourceOnly, false, true, events},
		{"P31", "time limits", sourceOnly, true, false, timeLimits},
		{"P32", "LOAD DATA LOCAL", both, true, false, localInfile},
		{"P33", "S3 role of Aurora", both, true, false, s3Role},
		{"P34", "space on the target", both, false, false, space},
		{"P35", "time zones", both, false, false, timeZones},
		{"P36", "long transactions and DDL", sourceOnly, false, false, longWork},
		{"P37", "foreign keys to what is not moved", sourceOnly, false, true, outsideKeys},
	}
}

func first() check { return checks()[0] }

func last() check {
	all := checks()
	return all[len(all)-1]
}

func known(id string) bool {
	for _, c := range checks() {
		if strings.EqualFold(c.id, id) {
			return true
		}
	}
	return false
}
