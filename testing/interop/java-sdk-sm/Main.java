import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.fisco.bcos.sdk.BcosSDK;
import org.fisco.bcos.sdk.client.Client;
import org.fisco.bcos.sdk.config.ConfigOption;
import org.fisco.bcos.sdk.config.model.ConfigProperty;
import org.fisco.bcos.sdk.contract.precompiled.sysconfig.SystemConfigService;

/**
 * Connects the Java SDK over SM TLS, changes a setting of the chain, and prints what it saw as lines of "name value".
 * Arguments: the folder of the SDK's certificates, and host:port of each node.
 */
public final class Main {
  public static void main(String[] arguments) throws Exception {
    ConfigProperty property = new ConfigProperty();
    Map<String, Object> network = new HashMap<>();
    network.put("peers", new ArrayList<>(Arrays.asList(arguments).subList(1, arguments.length)));
    property.setNetwork(network);
    Map<String, Object> certificates = new HashMap<>();
    certificates.put("certPath", arguments[0]);
    property.setCryptoMaterial(certificates);

    BcosSDK sdk = new BcosSDK(new ConfigOption(property));
    Client client = sdk.getClient(1);
    System.out.println("version " + client.getNodeVersion().getNodeVersion().getVersion());
    System.out.println("sender " + client.getCryptoSuite().getCryptoKeyPair().getAddress());
    SystemConfigService settings = new SystemConfigService(client, client.getCryptoSuite().getCryptoKeyPair());
    System.out.println("change " + settings.setValueByKey("tx_count_limit", "1234").getCode());
    System.out.println("setting " + client.getSystemConfigByKey("tx_count_limit").getSystemConfig());
    System.out.println("height " + client.getBlockNumber().getBlockNumber());
    System.out.println("peers " + client.getPeers().getPeers().size());
    sdk.stopAll();
    System.exit(0);
  }
}
