package preflight

import (
	"context"
	"slices"
	"strings"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/internal/mysql"
)

// foreignKey is one of a selected table.
type foreignKey struct {
	table, parent    [2]string // schema and name
	name             string
	columns          []string // of the parent, in the key's order
	onUpdate, onDele string
}

func (k *foreignKey) String() string {
	return mysql.QuoteTable(k.table[0], k.table[1]) + " " + mysql.QuoteName(k.name)
}

func (k *foreignKey) to() string {
	return "to " + mysql.QuoteTable(k.parent[0], k.parent[1]) + " (" + strings.Join(k.columns, ", ") + ")"
}

// foreignKeys reads those of the selected tables once.
func (e *examination) foreignKeys(ctx context.Context) ([]foreignKey, error) {
	if e.keys != nil {
		return e.keys, nil
	}
	keys := []foreignKey{}
	at := map[[3]string]int{}
	err := e.eachScope(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_SCHEMA, "+mysql.ReferencedTable+", REFERENCED_COLUMN_NAME"+
		" FROM information_schema.KEY_COLUMN_USAGE", "TABLE_SCHEMA", " AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY 1, 2, 3, ORDINAL_POSITION", func(c []string) {
		if e.tables[[2]string{c[0], c[1]}] == nil {
			return
		}
		name := [3]string{c[0], c[1], c[2]}
		i, there := at[name]
		if !there {
			i = len(keys)
			at[name] = i
			keys = append(keys, foreignKey{table: [2]string{c[0], c[1]}, name: c[2], parent: [2]string{c[3], c[4]}})
		}
		keys[i].columns = append(keys[i].columns, c[5])
	})
	if err != nil || len(keys) == 0 {
		e.keys = keys
		return keys, err
	}
	err = e.eachScope(ctx, "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS",
		"CONSTRAINT_SCHEMA", "", func(c []string) {
			if i, there := at[[3]string{c[0], c[1], c[2]}]; there {
				keys[i].onUpdate, keys[i].onDele = c[3], c[4]
			}
		})
	if err == nil {
		e.keys = keys
	}
	return keys, err
}

// onForeignKeys makes an object of each foreign key that is one for use.
func (e *examination) onForeignKeys(ctx context.Context, use func(k *foreignKey) (detail, fix string, ok bool)) ([]Object, error) {
	keys, err := e.foreignKeys(ctx)
	var out []Object
	for i := range keys {
		if detail, fix, ok := use(&keys[i]); ok {
			out = append(out, Object{Name: keys[i].String(), Detail: detail, Fix: fix})
		}
	}
	return out, err
}

// cascades finds foreign keys by which the engine changes rows that no statement names.
func cascades(ctx context.Context, e *examination) ([]Finding, error) {
	objects, err := e.onForeignKeys(ctx, func(k *foreignKey) (string, string, bool) {
		idle := func(rule string) bool { return rule == "NO ACTION" || rule == "RESTRICT" || rule == "" }
		return "ON UPDATE " + k.onUpdate + " ON DELETE " + k.onDele, "", !idle(k.onUpdate) || !idle(k.onDele)
	})
	return found(objects, Finding{
		Severity: Note, What: "foreign keys that change rows of other tables", Why: "such changes are not in the binary log: replication to MySQL or MariaDB repeats them, other readers of the log miss them",
		Fix: "nothing is needed: the load leaves foreign keys for after the rows",
	}), err
}

// nonStandardKeys finds foreign keys whose parent columns are no unique key.
func nonStandardKeys(ctx context.Context, e *examination) ([]Finding, error) {
	objects, err := e.onForeignKeys(ctx, func(k *foreignKey) (string, string, bool) {
		parent := e.tables[k.parent]
		add := "ALTER TABLE " + mysql.QuoteTable(k.parent[0], k.parent[1]) + " ADD UNIQUE KEY (" + quotedNames(k.columns) + ")"
		return k.to(), add, parent != nil && !hasUnique(parent, k.columns)
	})
	if err != nil || len(objects) == 0 {
		return nil, err
	}
	f := Finding{
		Severity: Note, What: "foreign keys to columns that are no whole unique key", Why: "MySQL 8.4 and later refuse them unless restrict_fk_on_non_standard_key is OFF (error 6125)",
		Fix: "add a unique key to the parent before a move to MySQL 8.4 or later",
	}
	if e.Target != nil {
		restricts, err := session(ctx, e.Target, "restrict_fk_on_non_standard_key")
		if err != nil {
			return nil, err
		}
		_, has := e.Target.Facts.Variables["restrict_fk_on_non_standard_key"]
		switch {
		case restricts == "1":
			f.Severity, f.Why = Error, "the target has restrict_fk_on_non_standard_key=ON and the account may not switch it off for its sessions: ALTER TABLE fails after all rows are loaded (error 6125)"
			f.Fix = "add a unique key to the parent, " + e.setting(e.Target, "restrict_fk_on_non_standard_key", "OFF") + ", or grant SESSION_VARIABLES_ADMIN"
		case has:
			f.Severity, f.Why = Warning, "the load switches restrict_fk_on_non_standard_key off for its sessions; later changes of these tables by others are refused (error 6125)"
		}
	}
	return found(objects, f), nil
}

// hasUnique reports a unique key of exactly these columns, in any order, all of each.
func hasUnique(t *catalog.Table, columns []string) bool {
	want := folded(columns)
	for _, i := range t.Indexes {
		var have []string
		for _, p := range i.Parts {
			if !p.Prefix {
				have = append(have, p.Column)
			}
		}
		if len(have) == len(i.Parts) && slices.Equal(folded(have), want) {
			return true
		}
	}
	return false
}

// folded is the names in lower case, sorted.
func folded(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.ToLower(n)
	}
	slices.Sort(out)
	return out
}

func quotedNames(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = mysql.QuoteName(n)
	}
	return strings.Join(out, ", ")
}

// mixedEngines finds foreign keys whose two tables have different engines.
func mixedEngines(ctx context.Context, e *examination) ([]Finding, error) {
	objects, err := e.onForeignKeys(ctx, func(k *foreignKey) (string, string, bool) {
		child, parent := e.tables[k.table], e.tables[k.parent]
		if parent == nil || strings.EqualFold(child.Engine, parent.Engine) {
			return "", "", false
		}
		return child.Engine + " " + k.to() + " of " + parent.Engine, "ALTER TABLE " + parent.Quoted() + " ENGINE=" + child.Engine, true
	})
	return found(objects, Finding{
		Severity: Warning, What: "foreign keys between tables of different engines", Why: "no server can enforce them, and they can be created under foreign_key_checks=0 alone (errors 1005, 1215, 1824 else), which the load sets",
		Fix: "nothing is needed for the move; give both tables one engine, or drop the foreign key",
	}), err
}

// outsideKeys finds foreign keys to tables that are not selected.
func outsideKeys(ctx context.Context, e *examination) ([]Finding, error) {
	keys, err := e.foreignKeys(ctx)
	if err != nil {
		return nil, err
	}
	there, err := e.onTarget(ctx)
	if err != nil {
		return nil, err
	}
	var objects []Object
	for i := range keys {
		k := &keys[i]
		if e.selectedFold(k.parent) || there[e.foldTarget(e.Names.Table(k.parent[0], k.parent[1]))] {
			continue
		}
		objects = append(objects, Object{Name: k.String(), Detail: k.to()})
	}
	return found(objects, Finding{
		Severity: Warning, What: "foreign keys to tables that are neither selected nor on the target", Why: "the load creates them unchecked and ends with exit code 3",
		Fix: "select the parent tables too, or load them before",
	}), nil
}

// selectedFold reports a selected table; a server that folds names may print a parent's in another case.
func (e *examination) selectedFold(name [2]string) bool {
	if e.tables[name] != nil {
		return true
	}
	if e.Source.Facts.LowerCaseTableNames == 0 {
		return false
	}
	return slices.ContainsFunc(e.Catalog.Tables, func(t *catalog.Table) bool {
		return strings.EqualFold(t.Schema, name[0]) && strings.EqualFold(t.Name, name[1])
	})
}
