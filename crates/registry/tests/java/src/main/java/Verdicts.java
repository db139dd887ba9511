import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;

/**
 * Reads what the example compatibility_pairs printed, and prints the lines where Java's Avro says otherwise.
 *
 * <pre>
 * cargo run -p kadence-registry --example compatibility_pairs -- 1 5000 > pairs
 * mvn -q compile dependency:copy-dependencies
 * java -cp 'target/classes:target/dependency/*' Verdicts < pairs
 * </pre>
 */
public final class Verdicts {
  public static void main(String[] arguments) throws Exception {
    ObjectMapper json = new ObjectMapper();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    TreeMap<String, Integer> counts = new TreeMap<>();
    int differences = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonNode pair = json.readTree(line);
      Schema reader = parsed(pair.get("reader").asText());
      Schema writer = parsed(pair.get("writer").asText());
      String printed = reader == null ? "" : reader.toString();
      TreeSet<String> rules = new TreeSet<>();
      String verdict = reader == null || writer == null ? "INVALID" : verdict(reader, writer, rules);
      TreeSet<String> ours = new TreeSet<>();
      pair.get("rules").forEach(rule -> ours.add(rule.asText()));
      boolean same = verdict.equals(pair.get("verdict").asText())
          && printed.equals(pair.get("printed").asText())
          && (rules.contains("an exception") || rules.equals(ours));
      counts.merge(verdict, 1, Integer::sum);
      if (!same) {
        differences++;
        System.out.println(line + "\n  Java: " + verdict + " " + rules + " " + printed);
      }
    }
    System.out.println(counts + ", differences: " + differences);
    System.exit(differences == 0 ? 0 : 1);
  }

  private static Schema parsed(String text) {
    try {
      return new Schema.Parser().parse(text);
    } catch (RuntimeException | StackOverflowError e) {
      return null;
    }
  }

  private static String verdict(Schema reader, Schema writer, TreeSet<String> rules) {
    try {
      SchemaCompatibility.SchemaCompatibilityResult result =
          SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getResult();
      result.getIncompatibilities().forEach(found -> rules.add(found.getType().name()));
      return result.getCompatibility().name();
    } catch (RuntimeException e) {
      rules.add("an exception");
      return "INCOMPATIBLE";
    }
  }
}
